"""The one boundary: every error becomes an exit code, a sentence and, with --json, a document."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from typing import Any, Final

import typer

from marginbot import errors
from marginbot.cli.output import Output
from marginbot.logs import scrubber

STOPPED, USAGE, REFUSED, UNREACHABLE = 1, 2, 3, 4

# typer carries its own copy of click, so the root of its usage errors is reached through a public leaf.
_UsageError: Final[type[Exception]] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "UsageError")

_CODES: Final[tuple[tuple[type[errors.MarginbotError], int, str], ...]] = (
    (errors.ConfigError, USAGE, "Nothing was sent."),
    (errors.SafetyRefused, REFUSED, "Nothing but reads was sent."),
    (
        errors.JournalUnavailable,
        STOPPED,
        "No write is sent that cannot be journaled first. Free the disk or the file and run again.",
    ),
    (errors.PlanRefused, STOPPED, "Nothing of that plan was sent. Running the same command again is always safe."),
    (errors.OutcomeUnknown, STOPPED, "It may have happened. Run the same command again: it looks that up before anything else."),
    (errors.RateLimited, UNREACHABLE, "Nothing more is sent before that time. Run the same command again then."),
    (errors.NotSent, UNREACHABLE, "Check the network and exchange.rest_url, then run the same command again."),
    (errors.RequestRejected, UNREACHABLE, "The exchange refused to answer; nothing but reads was sent."),
    (errors.ReadFailed, UNREACHABLE, "Running the same command again is always safe."),
    (errors.MarginbotError, STOPPED, "Running the same command again is always safe."),
)


def guarded(output: Output, work: Callable[[], int]) -> int:
    """Run `work` and answer its exit code; nothing that goes wrong passes without a sentence."""
    try:
        return work()
    except errors.MarginbotError as error:
        code, hint = next((code, hint) for kind, code, hint in _CODES if isinstance(error, kind))
        return _report(output, code, str(error), getattr(error, "key", None), hint)
    except _UsageError as error:
        return _usage(output, error)
    except (KeyboardInterrupt, typer.Abort):
        return _report(output, STOPPED, "interrupted", None, "Running the same command again is always safe.")
    except (typer.Exit, BrokenPipeError):
        raise  # typer ends the program for both
    except Exception as error:  # noqa: BLE001 - the single boundary: an unforeseen error must not print a signed URL
        message = f"unexpected {type(error).__name__}; this is a defect of marginbot"
        hint = "" if output.verbose else "Run it with -v to see where. "
        return _report(output, STOPPED, message, None, f"{hint}Running the same command again is always safe.", error)


def _report(output: Output, code: int, message: str, key: str | None, hint: str, cause: BaseException | None = None) -> int:
    """Say it to people on stderr and, when nothing was said to scripts yet, to scripts on stdout."""
    scrub = scrubber()
    message = scrub(message)
    if output.as_json and not output.emitted:
        whole = output.failed if code != USAGE else None
        output.emit_json({"error": message, "key": key} if whole is None else whole(code, message))
    if output.verbose and cause is not None:
        # Never with locals: they hold keys.
        trace = scrub("".join(traceback.format_exception(cause)))
        output.problems.print(trace.rstrip(), style="dim", markup=False, soft_wrap=True)
    output.problems.print("[problem]Error:[/problem]", end=" ")
    output.problems.print(message, markup=False, soft_wrap=True)
    if hint:
        output.problems.print(hint, style="hint", markup=False, soft_wrap=True)
    return code


def _sentence(error: Any) -> str:
    """click's message on one line, without the prefix of the library that checked the value."""
    return re.sub(r"\s+", " ", str(error.format_message())).replace("Value error, ", "").strip()


def _flag_of(error: Any) -> str | None:
    """The flag or argument a usage error is about, as it is typed."""
    if isinstance(getattr(error, "option_name", None), str):
        return str(error.option_name)
    parameter = getattr(error, "param", None)
    if parameter is None:
        return None
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name).upper()
    return str(parameter.opts[0])


def _usage(output: Output, error: Any) -> int:
    """A wrong command line; one without any word gets the help instead of a complaint."""
    if type(error).__name__ == "NoArgsIsHelpError":
        typer.echo(error.format_message(), err=True)
        return USAGE
    context = getattr(error, "ctx", None)
    hint = "Nothing was sent." + (f" See: {context.command_path} --help" if context is not None else "")
    return _report(output, USAGE, _sentence(error), _flag_of(error), hint)

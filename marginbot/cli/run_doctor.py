"""The body of `doctor`: every finding as it comes, and exit 1 when something would stop an unwind."""

from __future__ import annotations

from rich.markup import escape

from marginbot.app import open_app
from marginbot.cli.doctor import DoctorOptions
from marginbot.cli.shell import Shell
from marginbot.cli.signals import stopping
from marginbot.domain.amounts import plain
from marginbot.engine.checkup import Finding, Grade
from marginbot.errors import JournalUnavailable
from marginbot.exchange.spot_testnet import SpotTestnet
from marginbot.settings import Settings, journal_file

_MARKS = {Grade.OK: "[done]✓[/done]", Grade.WARNING: "[watch]![/watch]", Grade.PROBLEM: "[refused]✗[/refused]"}


async def execute(options: DoctorOptions, shell: Shell) -> int:
    """Ask everything, say it as it comes; reads only."""
    findings = [_settings(shell.settings)]
    _say(findings[0], options, shell)
    try:
        async with open_app(shell.settings, dry_run=True) as app:
            with stopping(app.stop, shell.output):
                if app.testnet is not None:
                    findings.append(await _testnet(app.testnet))
                    _say(findings[-1], options, shell)
                async for finding in app.checkup().findings():
                    findings.append(finding)
                    _say(finding, options, shell)
    except JournalUnavailable as trouble:
        findings.append(
            Finding("journal", Grade.PROBLEM, str(trouble), "nothing else was asked: no write is sent without a journal")
        )
        _say(findings[-1], options, shell)
    problems = sum(1 for finding in findings if finding.grade is Grade.PROBLEM)
    if options.json:
        rows = [{"check": f.check, "status": f.grade, "found": f.found, "mend": f.mend or None} for f in findings]
        shell.output.emit_json({"venue": shell.settings.venue, "findings": rows})
    else:
        verdict = f"{problems} findings would stop an unwind." if problems else "Nothing would stop an unwind."
        shell.output.people.print(verdict, style="danger" if problems else "done")
    return 1 if problems else 0


async def _testnet(testnet: SpotTestnet) -> Finding:
    # The emulator is imported where it is needed: a live run has no use for it.
    from marginbot.app.testnet_checkup import testnet_finding

    return await testnet_finding(testnet)


def _settings(settings: Settings) -> Finding:
    unwind = settings.unwind
    found = (
        f"venue {settings.venue.value}, slippage cap {plain(unwind.max_slippage_bps)} bps, deadline {unwind.deadline:g} s, "
        f"journal {journal_file(settings)}"
    )
    if settings.exchange.timeout < 10:
        mend = "set exchange.timeout to 12: the exchange itself gives up after 10 s, a shorter time only makes outcomes unknown"
        return Finding("settings", Grade.WARNING, f"{found}, timeout {settings.exchange.timeout:g} s", mend)
    return Finding("settings", Grade.OK, found)


def _say(finding: Finding, options: DoctorOptions, shell: Shell) -> None:
    if options.json:
        return
    shell.output.people.print(
        f"{_MARKS[finding.grade]} [heading]{finding.check}[/heading]: {escape(finding.found)}", soft_wrap=True
    )
    if finding.mend:
        shell.output.people.print(f"  [hint]{escape(finding.mend)}[/hint]", soft_wrap=True)

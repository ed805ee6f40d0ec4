"""Who may use the controls: programs of this machine, or, once a token is demanded, whoever shows it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from marginbot.paper.messages import Header, Request, Response, error_response

_CHALLENGE: tuple[Header, ...] = ((b"www-authenticate", b'Bearer realm="paper controls"'),)


@dataclass(frozen=True, slots=True)
class Access:
    """token: every control call must carry it, wherever it comes from; None: this machine only, without one."""

    token: str | None = field(default=None, repr=False)

    def refusal(self, request: Request) -> Response | None:
        """The answer to whoever may not; None lets the request through."""
        if b"origin" in request.headers:
            return error_response(-1002, "The paper controls answer programs, not web pages.", 403)
        if self.token is None:
            return None if request.is_local else error_response(-1002, "The paper controls answer local programs only.", 403)
        scheme, _, shown = request.headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"bearer" and secrets.compare_digest(shown.strip(), self.token.encode()):
            return None
        text = "The paper controls need the header 'Authorization: Bearer TOKEN', with the token this server was started with."
        return error_response(-1002, text, 401).plus(_CHALLENGE)


def new_token() -> str:
    """A token nobody can guess."""
    return secrets.token_urlsafe(32)

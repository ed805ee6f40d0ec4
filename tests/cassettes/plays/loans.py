"""What the adapter makes of repayments and transfers: their answers, histories and refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal as D

from marginbot.domain.records import LoanRecord, RecordStatus, TransferRecord
from marginbot.errors import AnswerMalformed, RateLimited, RequestRejected
from marginbot.exchange.messages import from_epoch
from marginbot.exchange.recording.scrub import BEGINNING
from marginbot.exchange.recording.tour import HISTORY
from tests.cassettes.tape import Play
from tests.exchange.conftest import NOW_MS

LOANS, REPAY = "get-sapi-v1-margin-borrow-repay", "post-sapi-v1-margin-borrow-repay"
MOVES, MOVE = "get-sapi-v1-asset-transfer", "post-sapi-v1-asset-transfer"
MOST = "get-sapi-v1-margin-maxTransferable"
BTC, BNB, SOL, SINCE = "BTCUSDT", "BNBUSDT", "SOLUSDT", BEGINNING - HISTORY
FIFTY, HUNDRED = (BTC, "USDT", D(50)), (BTC, "USDT", D(100))

JULY_18 = datetime(2019, 7, 18, 8, 20, tzinfo=UTC)
DECEMBER_10 = from_epoch(1_544_433_000)


def a_loan(status: RecordStatus = RecordStatus.CONFIRMED) -> LoanRecord:
    at = datetime(2019, 7, 18, 8, 23, 24, tzinfo=UTC)
    return LoanRecord("2970933056", "BNB", D(14), D("13.98133333"), D("0.01866667"), status, at)


def a_move(record_id: str, amount: str, status: RecordStatus, after: int) -> TransferRecord:
    return TransferRecord(record_id, "USDT", D(amount), status, from_epoch(1_544_433_000 + after))


OF_AN_UNWIND = ("USDT", D("4000.12"), D(4000), D("0.12"), RecordStatus.CONFIRMED)
MOVES_FOUND = (a_move("11415955596", "1", RecordStatus.CONFIRMED, 328), a_move("11366865406", "2", RecordStatus.PENDING, 325))


def terms(record: LoanRecord) -> tuple[object, ...]:
    return record.asset, record.amount, record.principal, record.interest, record.status


def refused(code: int, says: str, status: int = 400) -> RequestRejected:
    return RequestRejected(says, code=code, http_status=status)


PLAYS = [
    Play((f"{LOANS}/documented",), "repayments", (BNB, "BNB", from_epoch(1_563_438_000)), (a_loan(),)),
    Play((f"{LOANS}/one-by-id",), "repayment", (BNB, "BNB", "2970933056"), a_loan()),
    Play(
        (f"{LOANS}/cross-row-among-ours",),
        "repayments",
        (BNB, "BNB", from_epoch(1_563_438_000_001)),
        (a_loan(RecordStatus.PENDING),),
    ),
    Play((f"{LOANS}/paper-solusdt-base",), "repayments", (SOL, "SOL", SINCE), ()),
    Play((f"{LOANS}/paper-solusdt-quote",), "repayments", (SOL, "USDT", SINCE), ()),
    Play(
        (f"{LOANS}/paper-btcusdt-quote",),
        "repayments",
        (BTC, "USDT", SINCE),
        [OF_AN_UNWIND],
        lambda records: [terms(record) for record in records],
    ),
    Play((f"{LOANS}/paper-btcusdt-quote-one",), "repayment", (BTC, "USDT", "1000004"), OF_AN_UNWIND, terms),
    Play((f"{REPAY}/documented",), "repay", FIFTY, "100000001"),
    Play((f"{REPAY}/client-tag",), "repay", FIFTY, "100000001"),
    Play((f"{REPAY}/exceeds-debt-3015",), "repay", FIFTY, refused(-3015, "more than the debt")),
    Play((f"{REPAY}/borrow-limit-11008",), "repay", FIFTY, refused(-11008, "more than this account may borrow")),
    Play((f"{REPAY}/borrow-banned-3012",), "repay", FIFTY, refused(-3012, "closed at the moment")),
    Play((f"{REPAY}/borrow-maximum-3006",), "repay", FIFTY, refused(-3006, "more than may be borrowed")),
    Play((f"{REPAY}/loan-pending-3007",), "repay", FIFTY, refused(-3007, "still pending")),
    # Without Retry-After the budget of this endpoint rests to the end of the minute.
    Play((f"{REPAY}/throttled-429",), "repay", FIFTY, RateLimited("HTTP 429", until_ms=NOW_MS + 60_000, scope="endpoint")),
    Play((f"{MOVE}/documented-isolated-to-spot",), "sweep", HUNDRED, "13526853623"),
    Play((f"{MOVE}/documented-spot-to-isolated",), "top_up", HUNDRED, "13526853623"),
    Play((f"{MOVE}/too-much-3020-under-200",), "sweep", HUNDRED, refused(-3020, "more than may be transferred", status=200)),
    Play((f"{MOVES}/documented",), "transfers_out", (BTC, DECEMBER_10), MOVES_FOUND),
    Play((f"{MOVES}/empty-without-rows",), "transfers_in", (BTC, DECEMBER_10), ()),
    Play((f"{MOVES}/paper-solusdt-out",), "transfers_out", (SOL, SINCE), ()),
    Play((f"{MOVES}/paper-solusdt-in",), "transfers_in", (SOL, SINCE), ()),
    Play(
        (f"{MOVES}/paper-btcusdt-out",),
        "transfers_out",
        (BTC, SINCE),
        [("1000005", "USDT", D("1006.8805"), RecordStatus.CONFIRMED)],
        lambda records: [(record.record_id, record.asset, record.amount, record.status) for record in records],
    ),
    Play((f"{MOST}/documented",), "max_transferable", (BTC, "USDT"), D("3.59498107")),
    Play((f"{MOST}/leading-blank",), "max_transferable", (BTC, "USDT"), D("3.59498107")),
    Play((f"{MOST}/trailing-comma",), "max_transferable", (BTC, "USDT"), AnswerMalformed("without a code")),
    Play((f"{MOST}/no-account-3003",), "max_transferable", (BTC, "USDT"), refused(-3003, "does not exist")),
    Play((f"{MOST}/paper-solusdt-base",), "max_transferable", (SOL, "SOL"), D("1.4998")),
    Play((f"{MOST}/paper-solusdt-quote",), "max_transferable", (SOL, "USDT"), D(120)),
]

"""Scenarios from files: the same language in TOML and JSON, and what is wrong in one is said."""

import gzip
import json

import pytest

from marginbot.paper.beginning import begin
from marginbot.paper.errors import PaperError
from tests.paper.books.builders import EIGHT

FILE = """
about = "a short with an OCO order and a fall to come"
spot = { USDT = "100" }
account = { taker_fee = "0.002", tax = { buyer = "0.0005" } }
assets = { BTC = { min_repay = "0.0001" } }
config = { loan_pending_ms = 500, transfer_out_level = "2.25" }

[[positions]]
symbol = "BTCUSDT"
quote = "5000"
base_borrowed = "0.04"
base_interest = "0.00000007"

[[lists]]
symbol = "BTCUSDT"
side = "BUY"
quantity = "0.01"
price = "90000"
stop_price = "110000"

[[past]]
kind = "OUT"
symbol = "BTCUSDT"
asset = "USDT"
amount = "5"
seconds_ago = 60

[pairs.BTCUSDT]
price = "100000"
index = "100100"
rules = { market_max_quantity = "0.02" }
book = { levels = 3, quantity = "0.5" }

[[events]]
at = 5
do = "set_price"
symbol = "BTCUSDT"
price = "99000"

[[events]]
on = "POST /sapi/v1/margin/order"
nth = 2
do = "post_interest"

[[faults]]
kind = "rewrite"
rewrite = "all_zero"
path = "/sapi/v1/margin/isolated/account"
"""


def test_a_file_describes_a_whole_situation(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(FILE)
    world = begin(str(file), EIGHT)
    account, market = world.account(1), world.market("BTCUSDT")
    assert str(account.isolated["BTCUSDT"].base.debt) == "0.04000007"
    assert (str(account.taker_fee), str(account.tax.buyer), str(world.assets["BTC"].min_repay)) == ("0.002", "0.0005", "0.0001")
    assert (len(account.open_orders), len(account.transfers)) == (2, 1)
    assert (market.levels, market.index, str(market.listing.market_max_quantity)) == (3, 100_100, "0.02")
    assert [event.do for event in world.events] == ["set_price", "post_interest"]
    assert len(world.faults) == 1
    world.advance(EIGHT + 5_000)
    assert market.mid == 99_000


def test_json_is_read_too(tmp_path):
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"spot": {"USDT": "7"}, "events": [{"at": 0, "do": "post_interest"}]}))
    assert begin(str(file), EIGHT).account(1).spot["USDT"].free == 7


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[positions]]\nsymbol = "BTCUSDT"\nbase_borowed = "1"', "unknown fields: base_borowed"),
        ('[pairs.BTCUSDT]\nprise = "1"', "unknown fields: prise"),
        ("[[events]]\nat = 1", "an event has `do`"),
        ('[[events]]\nat = 1\ndo = "explode"', "nothing is done by 'explode'"),
        ('[[events]]\nat = 0\ndo = "set_status"\nsymbol = "BTCUSDT"\nstatus = "OPEN"', "no pair is 'OPEN'"),
        ('[[faults]]\nkind = "odd"', "Invalid enum value 'odd'"),
        ('[assets.USDT]\nrate = "1"', "no field 'rate'"),
        ("[account]\nuid = 5", "no field 'uid'"),
        ('[[past]]\nkind = "LOSS"\nsymbol = "BTCUSDT"\nasset = "USDT"\namount = "1"\nseconds_ago = 1', "no history of kind"),
        ('[[orders]]\nsymbol = "BTCUSDT"\nside = "SELL"\nquantity = "1"\nprice = "1"', "-11001"),
        ('spot = { USDT = "much" }', "ConversionSyntax"),
    ],
)
def test_what_is_wrong_in_a_file_is_said(tmp_path, text, said):
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(PaperError, match=said):
        begin(str(file), EIGHT)


def test_candles_beside_the_scenario_become_part_of_it(tmp_path):
    rows = "open_time_ms,open,high,low,close,volume,close_time_ms\n0,10,12,9,11,60,59999\n60000,11,11,11,11,60,119999\n"
    (tmp_path / "day.csv.gz").write_bytes(gzip.compress(rows.encode()))
    file = tmp_path / "mine.toml"
    file.write_text('[drives.ADAUSDT]\nkind = "candles"\nfile = "day.csv.gz"\nspeed = "2"\n')
    world = begin(str(file), EIGHT)
    (tmp_path / "day.csv.gz").unlink()
    world.advance(EIGHT + 20_000)
    assert world.market("ADAUSDT").mid == 12
    assert world.dump()["markets"]["ADAUSDT"]["candles"]["rows"].startswith("open_time_ms,open,high,low,close,volume\n0,10,")


def test_candles_that_are_not_there_are_said_to_be_missing(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('[drives.ADAUSDT]\nkind = "candles"\nfile = "nowhere.csv"\n')
    with pytest.raises(PaperError, match=r"nowhere\.csv"):
        begin(str(file), EIGHT)

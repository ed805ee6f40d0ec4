"""`status` on the paper world: who owes what, how near the edge, in words and as a document."""

from decimal import Decimal as D

from tests.cli.paper_world import ALL, documents


def test_all_pairs_are_shown_the_most_endangered_first(marginbot, capsys):
    status = documents(marginbot, capsys, "status")
    assert [pair["symbol"] for pair in status["pairs"]] == ALL
    btc = status["pairs"][0]
    assert (btc["margin_level"], btc["index_price"]) == ("1.25308741", "100000")
    # liquidated where (0.05 p + 12.5) / 4000.12 falls to the pair's level
    edge = (D("4000.12") * D(btc["liquidation_level"]) - D("12.5")) / D("0.05")
    assert abs(D(btc["liquidation_price"]) - edge) < D("0.00000001")
    assert abs(D(btc["distance_to_liquidation_pct"]) - (100 - edge / 1000)) < D("0.0001")
    assert (btc["equity_value"], btc["liability_value"]) == ("1012.38", "4000.12")
    assert btc["interest_per_day_value"] == "0.96"
    flat = status["pairs"][-1]
    assert [flat[name] for name in ("margin_level", "liquidation_price", "interest_per_day_value")] == [None, None, None]
    assert status["spot"] == {"USDT": "2500", "BTC": "0.01", "BNB": "0.5"}


def test_the_distance_of_a_short_is_how_far_the_index_may_rise(marginbot, capsys):
    short = documents(marginbot, capsys, "status", "ethusdt")["pairs"][0]
    assert D(short["liquidation_price"]) > D(short["index_price"])
    assert 0 < D(short["distance_to_liquidation_pct"]) < 100


def test_the_table_names_every_pair_and_what_is_owed(marginbot, capsys):
    assert marginbot("status") == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert all(symbol in out for symbol in ALL)
    assert "4000.12 USDT" in out
    assert "1.2531" in out


def test_a_named_pair_is_shown_alone(marginbot, capsys):
    assert marginbot("status", "SOLUSDT") == 0
    out = capsys.readouterr().out
    assert "SOLUSDT" in out
    assert "BTCUSDT" not in out


def test_an_unknown_pair_is_exit_2_and_the_nearest_name_is_offered(marginbot, capsys):
    refused = documents(marginbot, capsys, "status", "BTCUSTD", code=2)
    assert refused["key"] == "SYMBOL"
    assert "did you mean BTCUSDT?" in refused["error"]


def test_a_pair_never_opened_is_not_reported_as_safe(marginbot, capsys):
    assert marginbot("status", "XRPUSDT") == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert "XRPUSDT was never opened" in err

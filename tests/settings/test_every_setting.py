"""Every setting, every key of a policy file and every word that one takes has a test that fails when it is read and ignored."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from marginbot.domain.policy import Do, Preset
from marginbot.settings import policy_file, policy_values
from marginbot.settings.names import KNOWN, dotted

TESTS = Path(__file__).parent.parent
AT_WORK = "app/test_settings_at_work.py"
OPTIONS = "engine/daemon/test_options.py"
SECRETS = "settings/test_secrets.py"

SETTINGS = {
    "venue": "cli/test_never_live.py::test_only_the_live_venue_reaches_the_live_host",
    "exchange.api_key": f"{AT_WORK}::test_requests_carry_the_api_key_and_are_signed_with_the_api_secret",
    "exchange.api_key_file": f"{SECRETS}::test_a_secret_may_come_from_a_file",
    "exchange.api_secret": f"{AT_WORK}::test_requests_carry_the_api_key_and_are_signed_with_the_api_secret",
    "exchange.api_secret_file": f"{SECRETS}::test_a_secret_may_come_from_a_file",
    "exchange.private_key_file": (
        "sockets/test_unwinds.py::test_an_ed25519_key_unwinds_a_short_and_status_shows_the_money_in_spot"
    ),
    "exchange.rest_url": f"{AT_WORK}::test_requests_go_to_the_rest_url",
    "exchange.stream_url": f"{AT_WORK}::test_streams_are_heard_at_stream_url_and_ws_api_url_and_not_at_all_when_they_are_off",
    "exchange.ws_api_url": f"{AT_WORK}::test_streams_are_heard_at_stream_url_and_ws_api_url_and_not_at_all_when_they_are_off",
    "exchange.timeout": f"{AT_WORK}::test_a_request_is_given_up_after_the_timeout",
    "exchange.allow_withdrawal_keys": (
        "sockets/test_unwinds.py::test_a_key_that_may_withdraw_is_refused_unless_the_settings_accept_it"
    ),
    "exchange.key_expires": f"{AT_WORK}::test_the_day_a_key_expires_is_known_to_the_checkup_and_to_the_daemon",
    "exchange.reserve_pct": f"{AT_WORK}::test_polling_leaves_as_much_of_a_budget_as_reserve_pct_says",
    "state.url": "engine/test_app.py::test_the_journal_lies_where_the_settings_say",
    "unwind.deadline": "engine/test_app.py::test_limits_and_deadline_come_from_the_settings",
    "unwind.max_slippage_bps": (
        "cli/test_run_unwind.py::test_a_slippage_cap_that_nothing_meets_ends_at_the_deadline_with_what_remains"
    ),
    "unwind.topup_crumb": "engine/test_behaviours.py::test_a_missing_crumb_comes_from_spot_only_when_the_owner_allows_it",
    "policy.file": "cli/test_run_policy.py::test_the_file_of_the_settings_is_checked_and_a_named_one_goes_before_it",
    "policy.preset": "settings/test_policy_file.py::test_without_a_file_the_preset_of_the_settings_is_the_policy",
    "notify.urls": f"{AT_WORK}::test_messages_go_to_the_notify_urls",
    "notify.urls_file": "settings/test_outside.py::test_they_may_come_from_a_file_or_a_credential",
    "metrics.listen": f"{AT_WORK}::test_metrics_are_served_where_listen_says_and_nowhere_when_it_is_off",
    "heartbeat.url": f"{AT_WORK}::test_the_heartbeat_is_sent_to_its_url_and_nowhere_without_one",
    "heartbeat.url_file": "settings/test_outside.py::test_they_may_come_from_a_file_or_a_credential",
}

LADDER = {
    "pairs": "settings/test_policy_file.py::test_the_first_policy_that_matches_is_a_pairs_own_and_names_may_be_small",
    "name": "rules/test_assign.py::test_a_ladder_that_does_not_fit_gives_way_to_balanced_and_an_alarm",
    "backstop": "rules/test_assign.py::test_a_policy_may_name_a_preset_for_its_pairs_and_keep_its_backstop",
    "preset": "rules/test_assign.py::test_a_policy_may_name_a_preset_for_its_pairs_and_keep_its_backstop",
    "rule": "engine/daemon/test_watch.py::test_a_fall_through_every_rung_between_two_looks_runs_the_most_severe_to_flat",
}

RULE = {
    "name": "engine/alerts/test_alerts.py::test_a_level_that_oscillates_around_a_trigger_is_one_alert_and_one_end",
    "when": "engine/daemon/test_watch.py::test_an_alert_fires_once_while_the_level_oscillates_and_again_after_it_was_back",
    "do": "engine/daemon/test_watch.py::test_a_fall_through_every_rung_between_two_looks_runs_the_most_severe_to_flat",
    "target_level": f"{OPTIONS}::test_a_deleverage_stops_at_its_target_level",
    "rearm_level": f"{OPTIONS}::test_a_rule_fires_again_after_its_cool_down_and_above_its_rearm_level",
    "cool_down": f"{OPTIONS}::test_a_rule_fires_again_after_its_cool_down_and_above_its_rearm_level",
    "open_orders": f"{OPTIONS}::test_orders_in_the_way_are_cancelled_or_left_as_open_orders_says",
    "max_slippage_bps": f"{OPTIONS}::test_a_trade_beyond_max_slippage_bps_waits",
    "into": f"{OPTIONS}::test_an_unwind_leaves_the_coin_that_into_says",
    "sweep_home": f"{OPTIONS}::test_an_unwind_goes_home_unless_sweep_home_is_off",
    "then": f"{OPTIONS}::test_what_a_top_up_brings_is_repaid_or_held_as_then_says",
    "budget": f"{OPTIONS}::test_two_top_ups_bring_what_the_budget_leaves_them",
}

BUDGET = dict.fromkeys(
    ("per_action", "per_day", "total", "keep_in_spot"), f"{OPTIONS}::test_two_top_ups_bring_what_the_budget_leaves_them"
)

FIRES = f"{OPTIONS}::test_a_rule_fires_when_its_condition_is_met_and_not_before"
WHEN = {
    "margin_level_below": FIRES,
    "margin_level_above": FIRES,
    "distance_to_liquidation_below": FIRES,
    "status_at_least": FIRES,
    "price_below": FIRES,
    "price_above": FIRES,
    "rate_above": FIRES,
    "delisting_within": (
        "engine/daemon/test_delisting.py::"
        "test_a_pair_is_closed_before_it_leaves_when_its_policy_says_so_whichever_unit_the_schedule_has"
    ),
    "cron": "engine/daemon/test_chores.py::test_a_cron_rule_has_a_job_and_fires_when_its_moment_comes",
    "trailing_level": FIRES,
    "interest_paid_above": FIRES,
    "age_above": FIRES,
}

AIMS = "engine/daemon/test_aims.py"
DO = {
    "alert": "engine/daemon/test_watch.py::test_an_alert_fires_once_while_the_level_oscillates_and_again_after_it_was_back",
    "repay": f"{AIMS}::test_idle_coins_are_repaid_and_that_is_all",
    "top_up": f"{OPTIONS}::test_what_a_top_up_brings_is_repaid_or_held_as_then_says",
    "deleverage": f"{OPTIONS}::test_a_deleverage_stops_at_its_target_level",
    "unwind": f"{OPTIONS}::test_an_unwind_leaves_the_coin_that_into_says",
    "sweep": f"{AIMS}::test_excess_goes_home_down_to_the_target_when_the_exchange_lets_it_out",
}
PRESETS = dict.fromkeys(
    ("cautious", "balanced", "alert-only"),
    "rules/test_presets.py::test_cautious_stands_further_away_and_alert_only_tells_three_times",
)

ALL = {
    "settings": (SETTINGS, {dotted(path) for path in KNOWN}),
    "policy": (LADDER, set(policy_file._LADDER_KEYS)),
    "rule": (RULE, set(policy_file._RULE_KEYS)),
    "budget": (BUDGET, set(policy_file._BUDGET_KEYS)),
    "when": (WHEN, set(policy_values.WHEN)),
    "do": (DO, {deed.value for deed in Do}),
    "preset": (PRESETS, {preset.value for preset in Preset}),
}


@pytest.mark.parametrize("of", ALL)
def test_each_is_in_the_table_and_nothing_else(of: str):
    named, known = ALL[of]
    assert set(named) == known


@pytest.mark.parametrize("test", sorted({test for named, _ in ALL.values() for test in named.values()}))
def test_the_test_that_shows_its_effect_exists(test: str):
    file, name = test.split("::")
    assert re.search(rf"^ *(async )?def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)

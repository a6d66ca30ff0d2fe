"""All design rules, and what they find in a network."""

from __future__ import annotations

from explorer.analysis.analysis import Analysis
from explorer.base.cancellation import Cancelled, KeepGoing, always
from explorer.design_rules.map_rules import MAP_RULES
from explorer.design_rules.order_rules import ORDER_RULES
from explorer.design_rules.rule import DesignRule, RuleReport
from explorer.design_rules.shufflenet_rules import SHUFFLENET_RULES
from explorer.design_rules.width_rules import WIDTH_RULES

RULES: tuple[DesignRule, ...] = (*ORDER_RULES, *MAP_RULES, *WIDTH_RULES, *SHUFFLENET_RULES)


def check_network(analysis: Analysis, keep_going: KeepGoing = always) -> tuple[RuleReport, ...]:
    """Return every rule with what it found, those that found something first. Raises Cancelled."""
    reports = []
    for done, rule in enumerate(RULES):
        if not keep_going(done / len(RULES)):
            raise Cancelled
        reports.append(RuleReport(rule, tuple(rule.check(analysis))))
    return tuple(sorted(reports, key=lambda report: not report.findings))

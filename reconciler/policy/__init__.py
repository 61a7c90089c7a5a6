"""The policy language: what a document means, and how to write one; pure.

Other packages import from here. Inside, `language` has the parts of a document, `meaning` what they
mean together, `compile` writes facts as a policy, and `limit` takes a part of one; each uses only
those before it.
"""

# fmt: off
# ruff: noqa: F401, I001 - names for other packages, grouped by subject

# Documents
from reconciler.policy.language.document import (
    MAX_POLICY_CHARACTERS, NO_POLICY, SID_PREFIX, VERSION, Action, Document, NotAction, Policy,
    Statement, Unreadable, parse_statement, read_policy,
)
from reconciler.policy.language.json_text import MalformedError, json_place, load_json, minified
# The registry's own policy
from reconciler.policy.language.registry_document import (
    NO_REGISTRY_POLICY, RegistryDocument, RegistryPolicy, RegistryStatement,
    parse_registry_statement, read_registry_policy,
)
from reconciler.policy.language.resources import ArnPrefix, Resources, shown
from reconciler.policy.meaning.registry_policy import (
    ALLOWS_ANYONE, PolicyScope, answers_on, belong_to_registry, enforced, statements_on,
)
from reconciler.policy.meaning.registry_facts import (
    RegistryFacts, HeldFacts, facts_by_pattern, reduce_registry_facts, registry_difference,
    registry_facts_of, same_registry_policy,
)
# Actions and tiers
from reconciler.policy.language.actions import (
    ACTIONS_WITHOUT_REPOSITORY, AUTHORIZATION_TOKEN, EVERY_ACTION, IMAGE_IMPORTS, KNOWN_ACTIONS,
    PUT_IMAGE, REGISTRY_POLICY_ACTIONS, UPSTREAM_IMPORT, canonical_action, expand_actions,
    idle_actions, is_known_action, is_of_registry, is_of_repositories, spell_action,
)
from reconciler.policy.meaning.tiers import (
    BUILT_IN_TIERS, REGISTRY_TIERS, SERVICE_TIER, Tiers, action_names, can_rewrite,
    describe_actions, includes_action, may_overlap, tier_of, tiers_within, violates_tier,
)
# Principals and services
from reconciler.policy.language.principals import (
    ACCOUNT_ID, EVERYONE, KNOWN_SERVICES, MISSING, ORGANIZATION_ID, REGION, IamArn, Principal,
    account_of, account_principal, arn_of, closest_service, deleted_kind, dns_suffix,
    in_any_partition, is_account, is_everyone, is_open_ended, known_service, parse_arn,
    partition_of_region, partition_of_service, plain_name, service_principal, split_arn,
)
# Conditions
from reconciler.policy.language.conditions import (
    CURRENT_TIME, NO_CONDITION, Clause, Condition, ConditionClashError, Operator,
    canonical_condition, canonical_operator, combine_conditions, condition_json, display_clause,
    display_holder, display_values, parse_condition, parse_operator, read_condition,
)
from reconciler.policy.language.condition_keys import (
    ACCOUNT_KEYS, IS_SERVICE, ONLY_FOR_MEMBERS, ONLY_FOR_SERVICES, ORGANIZATION_KEYS, SOURCE_ARN,
    abbreviate_key, candidate_keys, closest_key, is_known_key, is_unknown_key, spell_key,
    variable_keys,
)
from reconciler.policy.language.operators import OPERATOR_FAMILIES, write_short_time, write_time
# Patterns
from reconciler.policy.language.glob import (
    GlobIndex,
    glob_includes,
    glob_matches,
    globs_intersect,
    has_wildcard,
)
# Facts and their difference
from reconciler.policy.meaning.facts import (
    AccessChange, AccessKind, Actions, Facts, Holder, Holding, Holdings, NamedPrincipal, add_facts,
    denied_to, difference, facts_of, facts_of_policy, reduce_actions, reduce_facts, same_policy,
    subtract_facts, uncovered_actions, uncovered_facts,
)
# Requests
from reconciler.policy.language.request_context import Caller
from reconciler.policy.meaning.callers import (
    caller_of, iam_caller, known_of_requests, may_match, possible_requests, reaches, requires_key,
    service_kind,
)
from reconciler.policy.meaning.evaluate import LEAST_FIRST, Verdict, concerns, decide, evaluate
from reconciler.policy.meaning.implication import always_holds
from reconciler.policy.meaning.subjects import (
    DIRECT_FIRST, Known, Part, Subject, SubjectIndex, Through, identity_of, index_subjects,
    parts_by_subject, parts_of, subject_of, verdict_of,
)
# Checks
from reconciler.policy.meaning.never import NeverRule, Violation, Outside, find_violations
from reconciler.policy.meaning.no_effect import (
    Denial, Loss, UnmetClause, compute_loss, denial_of, unknown_keys, unmet_clauses,
)
from reconciler.policy.meaning.public import (
    PUBLIC_REASONS, PublicAccess, PublicReason, public_access, public_facts,
)
# Statements of others
from reconciler.policy.meaning.keep import (
    LAMBDA, LAMBDA_SID, KeepMismatch, KeepRule, Ownership, changes_meaning, keep_mismatches,
    keeps_as_much, kept_registry_statements, kept_statements, lambda_rule,
    registry_changes_meaning, registry_statement_key, statement_key,
)
# Compiling
from reconciler.policy.compile import Json, compile_policy, compile_registry_policy, sid_for
# Parts of policies
from reconciler.policy.limit import choose_statements

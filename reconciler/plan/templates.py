"""Creation templates in a plan: what a repository that ECR itself makes is to have from birth."""

from reconciler.model.access import (
    Desired,
    DesiredTemplate,
    compile_template_policy,
    grant_facts,
)
from reconciler.model.registry import (
    LiveRegistry,
    ReadFailure,
    RepositorySettings,
    Target,
    template_target,
)
from reconciler.model.rules import RuleId
from reconciler.model.templates import EVERY_REPOSITORY, OURS, CreationTemplate, same_template
from reconciler.plan.checks.findings import expired_findings, policy_findings
from reconciler.plan.checks.risks import find_risks
from reconciler.plan.counts import count_granted, count_live, count_revoked
from reconciler.plan.desired_policy import PlanInputs, check_length
from reconciler.plan.model import Change, NotPlannableError, Plan, PlanError, merge_plans
from reconciler.policy import (
    NO_POLICY,
    Unreadable,
    difference,
    facts_of_policy,
    read_policy,
    subtract_facts,
)

_DESCRIPTION = f"{OURS}: new repositories get the access that its access file declares"


def plan_templates(live: LiveRegistry, inputs: PlanInputs) -> Plan:
    """Compare the desired creation templates with the live ones; those of others are left alone."""
    if inputs.templates is None or live.templates is None:
        return Plan()
    if isinstance(live.templates, ReadFailure):
        failure = live.templates
        target = Target(EVERY_REPOSITORY, live.scope, "creation-template")
        message = f"the creation templates were not read: {failure.message}"
        return Plan(errors=(PlanError(target, failure.rule, message),))
    found = {template_target(one.prefix, live.scope): one for one in live.templates}
    desired = {template_target(one.prefix, live.scope): one for one in inputs.templates}
    plans = [_plan_one(one, target, found.get(target), inputs) for target, one in desired.items()]
    ours = {t: one for t, one in found.items() if one.is_ours and t not in desired}
    return merge_plans([*plans, *(_remove(target, one, inputs) for target, one in ours.items())])


def _plan_one(
    desired: DesiredTemplate, target: Target, live: CreationTemplate | None, inputs: PlanInputs
) -> Plan:
    """Compare one template; an error where no policy can be computed for it."""
    before = NO_POLICY if live is None else target.read(live.text)
    try:
        after_text = _policy_text(desired.access, target, inputs)
    except NotPlannableError as error:
        return Plan(errors=(PlanError(target, error.rule, error.message),))
    if live is None:
        template = CreationTemplate(
            desired.prefix, desired.applied_for, after_text, _new_fields(desired)
        )
    else:
        template = live._replace(applied_for=desired.applied_for, policy_text=after_text)
    findings = (
        *expired_findings(target, desired.access.expired, facts_of_policy(before)),
        *policy_findings(target, before),
    )
    live_grants = count_live(before, facts_of_policy(before))
    if live is not None and same_template(live, template, target.partition):
        return Plan(findings=findings, live_grants=live_grants)
    change = change_template(target, live, template, desired.access, inputs)
    return Plan(changes=(change,), findings=findings, live_grants=live_grants)


def _policy_text(desired: Desired, target: Target, inputs: PlanInputs) -> str | None:
    """Return the policy of new repositories; nothing of the live one is kept."""
    text = compile_template_policy(desired, inputs.display_names.tiers)
    policy = read_policy(text, partition=target.partition)
    if isinstance(policy, Unreadable):
        raise NotPlannableError(RuleId.BAD_STATEMENT, str(policy))
    check_length(text, 0)
    return text


def _remove(target: Target, live: CreationTemplate, inputs: PlanInputs) -> Plan:
    before = target.read(live.text)
    change = change_template(target, live, None, Desired(live.prefix), inputs)
    return Plan(changes=(change,), live_grants=count_live(before, facts_of_policy(before)))


def change_template(
    target: Target,
    live: CreationTemplate | None,
    template: CreationTemplate | None,
    desired: Desired,
    inputs: PlanInputs,
) -> Change:
    """Compute the change of one template, None for no template.

    `desired` is what the file asks for. No live repository loses access by it.
    """
    before_text = None if live is None else live.text
    after_text = None if template is None else template.text
    before, after = target.read(before_text), target.read(after_text)
    old, new, names = facts_of_policy(before), facts_of_policy(after), inputs.display_names
    access, back = difference(old, new), difference(new, old)
    effective = subtract_facts(old, grant_facts(desired.expired))
    lasting = difference(effective, new)
    unreadable = isinstance(before, Unreadable)
    return Change(
        target=target,
        change="create" if live is None else "set" if template is not None else "delete",
        access=access,
        before_text=before_text,
        after_text=after_text,
        risks=find_risks(old, new, access, target, names),
        live_risks=find_risks(new, old, back, target, names),
        lasting=lasting,
        revoked=count_live(before, old) if unreadable else count_revoked(effective, lasting),
        granted=count_granted(new, access),
    )


def _new_fields(desired: DesiredTemplate) -> dict[str, object]:
    """Return what a new template says besides its policy and when it applies.

    The service's defaults are written out, since a read returns them (the acceptance tests of
    Terraform's provider, hashicorp/terraform-provider-aws, aws_ecr_repository_creation_template).
    """
    own = desired.settings or RepositorySettings()
    fields: dict[str, object] = {
        "description": _DESCRIPTION,
        "encryptionConfiguration": own.encryption_configuration,
        "imageTagMutability": own.tag_mutability,
    }
    if own.tags:
        fields["resourceTags"] = own.tag_list
    if desired.role is not None:
        fields["customRoleArn"] = desired.role
    return fields

"""The action's plan: its outputs, its summary, and its comment on the pull request."""

import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from reconciler.sandbox.server import Sandbox
from tests.pipelines.conftest import Job, pull_request
from tests.pipelines.github import BOT, GitHub
from tests.pipelines.platform import TOKEN

MARKER = "<!-- reconcile:plan -->"


def test_the_plan_is_in_the_log_the_summary_the_outputs_and_a_comment(
    job: Job, github: GitHub
) -> None:
    ran = job.run("plan", pull_request())
    assert ran.code == 0, ran.log
    assert "Plan: 1 policy to set" in ran.log
    assert "::warning file=ecr_access.yaml,title=new-account::payments/api" in ran.log
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["changes"] == "1"
    assert Path(ran.outputs["plan-path"]).read_text().startswith("{")
    (body,) = github.bodies()
    assert body.startswith(f"{MARKER}\n")
    for report in (ran.summary, body):
        assert "role2-1" in report
        assert "1 policy to set" in report
    assert f"Commit {'4f' * 20}" in body
    assert "https://github.com/octo-org/access/actions/runs/42" in body
    assert {call.authorization for call in github.calls} == {f"Bearer {TOKEN}"}


def test_the_next_run_replaces_the_comment_and_no_other(job: Job, github: GitHub) -> None:
    github.add(f"{MARKER}\nof a person", "mallory")
    job.run("plan", pull_request())
    job.file.write_text(job.file.read_text().replace("runtime: pull\n", "runtime: push-pull\n"))
    ran = job.run("plan", pull_request(commit="5a" * 20))
    assert ran.code == 0, ran.log
    of_a_person, own = github.bodies()
    assert of_a_person == f"{MARKER}\nof a person"
    assert f"Commit {'5a' * 20}" in own


@pytest.mark.parametrize("file", ["./ecr_access.yaml", "teams/a--b @x.yaml", "a~---b.yaml", "."])
def test_a_failure_replaces_the_comment_of_a_plan_of_the_same_file(
    job: Job, github: GitHub, file: str
) -> None:
    path = job.file if file == "." else job.workspace / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(job.file.read_text())
    assert job.run("plan", pull_request(), file=file).code == 0
    path.write_text("version: 2")
    assert job.run("plan", pull_request(), file=file).code == 3
    (body,) = github.bodies()
    assert "failed with exit code 3" in body


def test_jobs_of_different_names_keep_a_comment_each(job: Job, github: GitHub) -> None:
    for name in ("", "eu", "us", "eu"):
        assert job.run("plan", pull_request(), name=name).code == 0
    assert [body.splitlines()[0] for body in github.bodies()] == [
        MARKER,
        "<!-- reconcile:plan ecr_access.yaml eu -->",
        "<!-- reconcile:plan ecr_access.yaml us -->",
    ]


def test_hostile_text_of_the_registry_stays_text_in_the_comment(
    job: Job, github: GitHub, ecr: Sandbox
) -> None:
    role = "arn:aws:iam::444455556666:role/@octo-org/all"
    text = "</details>``` @octo-org/team <img src=x> https://evil.example #1\n::error::x"
    statements = [
        {"Sid": text, "Effect": "Allow", "Principal": {"AWS": role}, "Action": "ecr:BatchGetImage"},
        {"Effect": "Deny", "Principal": {"AWS": role}, "Action": text, "NotAction": text},
    ]
    ecr.set_policy_text("payments/api", json.dumps({"Statement": statements}))
    ran = job.run("plan", pull_request())
    (body,) = github.bodies()
    found = nodes(body)
    assert "octo-org" in "".join(content for kind, content in found if kind != "html")
    for kind, content in found:
        if kind == "html":
            assert re.fullmatch(r"<!-- reconcile:plan -->|</?(details|summary)>|</?code>", content)
        elif kind == "text":
            assert not re.search(r"octo-org|evil\.example|#1", content)
    assert "\n::error::" not in ran.log


def nodes(body: str) -> list[tuple[str, str]]:
    """The texts of Markdown: each is `html`, `code` or `text`."""
    flat = [
        child
        for token in MarkdownIt().enable("table").parse(body)
        for child in (token.children or [token])
    ]
    found: list[tuple[str, str]] = []
    is_code = False
    for token in flat:
        if token.type in {"html_inline", "html_block"}:
            tags = re.findall(r"<[^>]*>", token.content)
            found += [("html", tag) for tag in tags]
            is_code = "<code>" in tags or (is_code and "</code>" not in tags)
        elif token.content:
            kind = "code" if is_code or token.type in {"fence", "code_inline"} else "text"
            found.append((kind, token.content))
    return found


def test_a_plan_that_fails_replaces_the_comment_and_fails_the_job(job: Job, github: GitHub) -> None:
    github.add(f"{MARKER}\nan earlier plan", BOT)
    job.file.write_text(job.file.read_text().replace("runtime: pull", "runtime: pulll"))
    ran = job.run("plan", pull_request())
    assert (ran.code, ran.outputs["exit-code"], ran.outputs["changes"]) == (3, "3", "")
    assert ran.outputs["plan-path"] == ""
    (body,) = github.bodies()
    assert body.startswith(f"{MARKER}\n❌ `reconcile plan` failed with exit code 3: ")
    assert "'pulll' is not a tier" in body
    assert "::error file=ecr_access.yaml,line=14,col=16,title=unknown-tier::" in ran.log


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ("--bogus 'x", "the input 'args' can't be split into words: No closing quotation"),
        ("--bogus", "No such option: --bogus"),
        ("--registry nowhere", "--registry nowhere: "),
    ],
)
def test_wrong_options_replace_the_comment_and_fail_the_job(
    job: Job, github: GitHub, args: str, told: str
) -> None:
    github.add(f"{MARKER}\nan earlier plan", BOT)
    ran = job.run("plan", pull_request(), args=args)
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2"), ran.log
    (body,) = github.bodies()
    assert body.startswith(f"{MARKER}\n❌ `reconcile plan` failed with exit code 2")
    assert told in body.replace("`", "")
    (annotation,) = (line for line in ran.log.splitlines() if line.startswith("::error"))
    assert told in annotation


def test_a_plan_that_fails_leaves_no_plan_of_before(job: Job) -> None:
    assert job.run("plan", plan="plan.json").code == 0
    job.file.write_text("version: 2\n")
    ran = job.run("plan", plan="plan.json")
    assert (ran.code, ran.outputs["plan-path"]) == (3, "")
    assert not (job.workspace / "plan.json").exists()


def test_a_file_that_is_no_plan_is_neither_replaced_nor_named(job: Job) -> None:
    other = job.workspace / "package.json"
    other.write_text('{"name": "other"}')
    ran = job.run("plan", plan="package.json")
    assert (ran.code, ran.outputs["plan-path"]) == (2, "")
    assert "already exists and is not a saved plan" in ran.log
    assert other.read_text() == '{"name": "other"}'


def test_a_refused_plan_is_shown_and_fails_the_job(job: Job, github: GitHub, ecr: Sandbox) -> None:
    names = [f"arn:aws:iam::444455556666:role/{number}" for number in range(11)]
    statement = {"Effect": "Allow", "Principal": {"AWS": names}, "Action": "ecr:BatchGetImage"}
    ecr.set_policy_text("payments/api", json.dumps({"Statement": [statement]}))
    ran = job.run("plan", pull_request())
    assert (ran.code, ran.outputs["exit-code"], ran.outputs["changes"]) == (5, "5", "1")
    (body,) = github.bodies()
    assert "max_revoked" in body
    allowed = job.run("plan", pull_request(), args="--allow-revocations 11")
    assert allowed.code == 0, allowed.log


def test_a_token_that_only_reads_leaves_the_plan_in_the_summary(job: Job, github: GitHub) -> None:
    github.is_read_only = True
    ran = job.run("plan", pull_request())
    assert ran.code == 0, ran.log
    assert "::notice title=reconcile::the comment was not posted (403" in ran.log
    assert github.bodies() == []
    assert "1 policy to set" in ran.summary


def test_an_api_that_is_down_fails_the_job_after_the_plan(job: Job, github: GitHub) -> None:
    github.failures += [503] * 9
    ran = job.run("plan", pull_request())
    assert ran.code == 1
    assert "::error title=reconcile::the comment was not posted: 503" in ran.log
    assert (ran.outputs["exit-code"], len(github.calls)) == ("0", 4)
    assert "1 policy to set" in ran.summary


def test_without_a_pull_request_or_where_it_is_not_wanted_there_is_no_comment(
    job: Job, github: GitHub
) -> None:
    assert job.run("plan", {"ref": "refs/heads/main"}).code == 0
    assert job.run("plan", pull_request(), comment="false").code == 0
    assert github.calls == []


def test_inputs_and_files_of_the_checkout_are_never_run(job: Job, github: GitHub) -> None:
    """Shell text in an input stays text, and modules of the checkout are not imported."""
    for module in ("action", "json", "reconciler", "sitecustomize", "subprocess"):
        (job.workspace / f"{module}.py").write_text("open('run', 'w')")
    file = "$(touch run)`touch run`;touch run #.yaml"
    job.file.rename(job.workspace / file)
    ran = job.run("plan", pull_request(), file=file, args="--repository '$(touch run)'")
    assert (ran.code, "--repository $(touch run): neither" in ran.log) == (2, True), ran.log
    assert job.run("plan", pull_request(), file=file).code == 0
    assert not (job.workspace / "run").exists()
    (body,) = github.bodies()
    assert body.startswith("<!-- reconcile:plan %24%28touch%20run%29%60touch%20run%60%3Btouch")


def test_wrong_inputs_are_told(job: Job) -> None:
    ran = job.run("destroy")
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2")
    assert "::error title=reconcile::the input 'command' is 'destroy'" in ran.log
    assert "can't be split" in job.run("plan", args="--registry 'a").log
    assert "'name' takes one line" in job.run("plan", name="a\nb").log
    for plan in ("a\nb.json", "--help", "-"):
        ran = job.run("apply", plan=plan)
        assert (ran.code, "::error title=reconcile::the input 'plan' is" in ran.log) == (2, True)


@pytest.mark.parametrize("name", ["file", "plan", "rules"])
@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("/proc/self/environ", "out of the checkout"),
        ("../outside", "out of the checkout"),
        ("link", "out of the checkout"),
        (".git/config", "into .git"),
    ],
)
def test_a_link_out_of_the_checkout_is_not_read(
    job: Job, github: GitHub, name: str, target: str, told: str
) -> None:
    (job.folder / "outside").write_text("the secret of another job")
    (job.workspace / ".git").mkdir()
    (job.workspace / ".git" / "config").write_text("the secret of another job")
    (job.workspace / "link").symlink_to(target)
    given = {"args": "--rules link"} if name == "rules" else {name: "link"}
    ran = job.run("plan", pull_request(), **given)
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2")
    assert f" leads {told}: link" in ran.log
    assert not any("secret" in text or "AWS_" in text for text in (ran.log, *github.bodies()))


@pytest.mark.parametrize("name", ["file", "plan"])
def test_a_path_out_of_the_checkout_is_refused(job: Job, name: str) -> None:
    ran = job.run("plan", **{name: "../outside.yaml"})
    assert (ran.code, f"the input '{name}' leads out of the checkout" in ran.log) == (2, True)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ("--out other.json", "has --out: the input 'plan' names it"),
        ("-oother.json", "has -o: the input 'plan' names it"),
        ("--journal=my.jsonl", "has --journal: the output 'journal-path' names it"),
        ("--quiet --file b.yaml", "has --file: the input 'file' names it"),
        ("-h", "has -h: nothing would be run"),
    ],
)
def test_options_that_the_action_sets_itself_are_refused(job: Job, args: str, told: str) -> None:
    ran = job.run("apply", args=args)
    assert (ran.code, ran.outputs["exit-code"]) == (2, "2")
    assert f"the input 'args' {told}" in ran.log

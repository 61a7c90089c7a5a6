"""The action's validate: annotations of the lines of the file."""

from tests.pipelines.conftest import Job


def test_problems_are_annotations(job: Job) -> None:
    job.file.write_text(job.file.read_text().replace("runtime: pull", "runtime: pulll"))
    ran = job.run("validate")
    assert (ran.code, ran.outputs["exit-code"]) == (3, "3")
    (annotation,) = [line for line in ran.log.splitlines() if line.startswith("::")]
    assert annotation.startswith("::error file=ecr_access.yaml,line=14,col=16,title=unknown-tier::")


def test_a_valid_file_has_none(job: Job) -> None:
    ran = job.run("validate")
    assert (ran.code, ran.outputs["exit-code"]) == (0, "0")
    assert "::" not in ran.log


def test_hostile_text_of_the_file_is_no_command(job: Job) -> None:
    hostile = '  "x\\n::add-mask::y":\n    access: {"::debug::z": pull}\n'
    job.file.write_text(job.file.read_text() + hostile)
    ran = job.run("validate")
    assert ran.code == 3
    lines = [line.lstrip() for line in ran.log.splitlines()]
    assert {line.split(" ")[0] for line in lines if line.startswith("::")} == {"::error"}

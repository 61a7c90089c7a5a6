"""Keep one issue about drift: opened where there is drift, updated while there is, closed after.

The inputs are environment variables: FILE, NAME, REPORT (a path), EXIT_CODE and CHANGES (those of
drift), AUTHOR (the token's login) and GITHUB_TOKEN. The first line of a report is the marker of the
issue. The output `reported` is true where an issue tells why drift failed.
"""

import os
import sys
from pathlib import Path

from action import job
from action.api import Api, ApiError, ForbiddenError, own_post, with_retries

IN_SYNC, DRIFT = "0", "4"


def main() -> None:
    """Update the issue. Exits with 1 where the API fails or the token only reads."""
    code, file, name = (os.environ[key] for key in ("EXIT_CODE", "FILE", "NAME"))
    if code not in {IN_SYNC, DRIFT}:
        print(f"drift ended with exit code {code}, so the issue stays as it is")
        return
    report = Path(os.environ["REPORT"]).read_text(encoding="utf-8")
    body = f"{report}\n[Run]({job.run_address()})\n"
    # Without a change, what fails is a broken never rule or an unmanaged repository.
    what = "needs attention:" if os.environ["CHANGES"] == "0" else "differs from"
    title = f"ECR access {what} {file}" + (f" ({name})" if name else "")
    issue = {"title": title, "body": body}
    api, author, first = job.api(), os.environ["AUTHOR"], report.splitlines()[0]
    update = put_issue if code == DRIFT else close_issue
    try:
        with_retries(lambda: update(api, first, author, issue))
    except ApiError as error:
        need = "; the job needs the permission 'issues: write'"
        hint = need if isinstance(error, ForbiddenError) else ""
        job.annotate("error", f"the issue about drift was not updated: {error}{hint}")
        sys.exit(1)
    job.set_output("reported", "true" if code == DRIFT else "false")


def put_issue(api: Api, first: str, author: str, issue: dict[str, str]) -> None:
    """Update the author's open issue that begins with `first`, or open one."""
    own = own_post(api.posts("issues?state=open", "number"), first, author)
    if own is None:
        api.send("POST", "issues", issue)
    else:
        api.send("PATCH", f"issues/{own.number}", issue)


def close_issue(api: Api, first: str, author: str, issue: dict[str, str]) -> None:
    """Close the author's open issue that begins with `first`, if there is one."""
    own = own_post(api.posts("issues?state=open", "number"), first, author)
    if own is not None:
        api.send("PATCH", f"issues/{own.number}", {**issue, "state": "closed"})


if __name__ == "__main__":
    main()

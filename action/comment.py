"""Post the report of a plan as a comment of its pull request, in place of the one before.

The inputs are environment variables: REPORT (a path), AUTHOR (the token's login) and GITHUB_TOKEN.
The first line of a report is the marker by which the next run finds its comment.
"""

import os
import sys
from pathlib import Path

from action import job
from action.api import Api, ApiError, ForbiddenError, own_post, with_retries


def main() -> None:
    """Post the comment. Exits with 1 where the API fails, but not where the token only reads."""
    pull_request = job.pull_request()
    if pull_request is None:
        print("no pull request started this run, so there is no comment")
        return
    report = Path(os.environ["REPORT"]).read_text(encoding="utf-8")
    body = f"{report}\nCommit {pull_request.commit}, [run]({job.run_address()})\n"
    first = report.splitlines()[0]
    api, author = job.api(), os.environ["AUTHOR"]
    try:
        with_retries(lambda: put_comment(api, pull_request.number, first, author, body))
    except ForbiddenError as error:
        job.annotate(
            "notice",
            f"the comment was not posted ({error}); the plan is in the job's summary. A pull "
            "request from a fork has a token that only reads; another one needs the permission "
            "'pull-requests: write'",
        )
    except ApiError as error:
        job.annotate("error", f"the comment was not posted: {error}")
        sys.exit(1)


def put_comment(api: Api, pull_request: int, first: str, author: str, body: str) -> None:
    """Update the author's comment that begins with `first`, or add one. Raises as `Api.send`."""
    path = f"issues/{pull_request}/comments"
    own = own_post(api.posts(path, "id"), first, author)
    if own is None:
        api.send("POST", path, {"body": body})
    else:
        api.send("PATCH", f"issues/comments/{own.number}", {"body": body})


if __name__ == "__main__":
    main()

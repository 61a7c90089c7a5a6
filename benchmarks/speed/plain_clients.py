"""What `reconcile` is compared with: the same calls without any check, as plain programs.

    python plain_clients.py boto3|aiobotocore|floor AT_ONCE [POLICIES]

Each lists the repositories and reads their policies, AT_ONCE at a time. With POLICIES, a JSON file
of names and policies, the floor then writes each one that differs.
"""

import asyncio
import hashlib
import hmac
import json
import os
import ssl
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

ACCOUNT = "111122223333"


def with_boto3(threads: int) -> None:
    """Read with one boto3 client and so many threads, as anybody would write it."""
    from concurrent.futures import ThreadPoolExecutor

    import boto3
    from botocore.config import Config

    client = boto3.client("ecr", config=Config(max_pool_connections=threads))
    pages = client.get_paginator("describe_repositories").paginate(
        registryId=ACCOUNT, PaginationConfig={"PageSize": 1000}
    )
    names = [one["repositoryName"] for page in pages for one in page["repositories"]]

    def read(name: str) -> object:
        answer = client.get_repository_policy(registryId=ACCOUNT, repositoryName=name)
        return json.loads(answer["policyText"])

    if threads == 1:
        for name in names:
            read(name)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(read, names))


async def with_aiobotocore(at_once: int) -> None:
    """Read with one aiobotocore client and so many calls at once."""
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    config = AioConfig(max_pool_connections=at_once)
    async with get_session().create_client("ecr", config=config) as client:
        pages = client.get_paginator("describe_repositories").paginate(
            registryId=ACCOUNT, PaginationConfig={"PageSize": 1000}
        )
        names = [one["repositoryName"] async for page in pages for one in page["repositories"]]
        left = iter(names)

        async def work() -> None:
            for name in left:
                answer = await client.get_repository_policy(registryId=ACCOUNT, repositoryName=name)
                json.loads(answer["policyText"])

        await asyncio.gather(*(work() for _ in range(at_once)))


class Signer:
    """Signs ECR calls by hand (AWS Signature Version 4), with the key of one day made once."""

    def __init__(self, host: str) -> None:
        self._host, self._region = host, os.environ["AWS_REGION"]
        self._id = os.environ["AWS_ACCESS_KEY_ID"]
        self._day = datetime.now(UTC).strftime("%Y%m%d")
        key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
        for part in (self._day, self._region, "ecr", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._key = key

    def request(self, operation: str, fields: dict[str, object]) -> bytes:
        body = json.dumps(fields).encode()
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "host": self._host,
            "x-amz-date": now,
            "x-amz-target": f"AmazonEC2ContainerRegistry_V20150921.{operation}",
        }
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        signed = ";".join(headers)
        canonical = f"POST\n/\n\n{lines}\n{signed}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{self._day}/{self._region}/ecr/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
        signature = hmac.digest(self._key, text.encode(), "sha256").hex()
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return (
            f"POST / HTTP/1.1\r\n{head}content-length: {len(body)}\r\n"
            f"authorization: AWS4-HMAC-SHA256 Credential={self._id}/{scope}, "
            f"SignedHeaders={signed}, Signature={signature}\r\n\r\n"
        ).encode() + body


async def call(
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
) -> dict[str, object]:
    reader, writer = streams
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    assert head.startswith(b"http/1.1 200 "), head
    _, _, rest = head.partition(b"content-length: ")
    answer: dict[str, object] = json.loads(await reader.readexactly(int(rest.split(b"\r\n")[0])))
    return answer


async def by_hand(connections: int, desired: Mapping[str, object]) -> None:
    """Read with raw asyncio, with nothing done that does not have to be; write what differs."""
    url = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    trust = None
    if url.scheme == "https":
        trust = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])
    signer = Signer(url.netloc)

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(url.hostname, url.port, ssl=trust)

    async def list_all() -> list[str]:
        streams, names, fields = await connect(), list[str](), {"maxResults": 1000}
        parameters: dict[str, object] = {"registryId": ACCOUNT, **fields}
        while True:
            page = await call(streams, signer.request("DescribeRepositories", parameters))
            listed = page["repositories"]
            assert isinstance(listed, list)
            names += [one["repositoryName"] for one in listed]
            if "nextToken" not in page:
                streams[1].close()
                return names
            parameters["nextToken"] = page["nextToken"]

    async def work(names: Iterator[str]) -> None:
        streams = await connect()
        for name in names:
            fields: dict[str, object] = {"registryId": ACCOUNT, "repositoryName": name}
            answer = await call(streams, signer.request("GetRepositoryPolicy", fields))
            live = json.loads(str(answer["policyText"]))
            if desired.get(name, live) != live:
                fields["policyText"] = json.dumps(desired[name])
                await call(streams, signer.request("SetRepositoryPolicy", fields))
        streams[1].close()

    names = iter(await list_all())
    await asyncio.gather(*(work(names) for _ in range(connections)))


def main() -> None:
    way, at_once = sys.argv[1], int(sys.argv[2])
    if way == "boto3":
        with_boto3(at_once)
    elif way == "aiobotocore":
        asyncio.run(with_aiobotocore(at_once))
    else:
        desired = json.loads(Path(sys.argv[3]).read_text()) if sys.argv[3:] else {}
        asyncio.run(by_hand(at_once, desired))


if __name__ == "__main__":
    main()

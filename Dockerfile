# The image of reconcile: `docker build -t reconcile .`, and `docker run --rm -v "$PWD:/work" reconcile validate`.
# The base is named by its tag. Renovate adds its digest (docs/pipelines.md#the-image).
FROM python:3.13-alpine3.22 AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY schema schema
COPY docs/man docs/man
COPY reconciler reconciler
# The versions are pinned, those of what builds the package, too.
ENV PIP_CONSTRAINT=/src/constraints.txt
# hadolint ignore=DL3013
RUN python -m venv --without-pip /opt/reconcile \
    && pip --python /opt/reconcile/bin/python install --no-cache-dir --only-binary :all: --no-binary ecr-reconcile '.[html]'
# Of the services that botocore describes, reconcile and its credentials need these.
RUN find /opt/reconcile/lib/python*/site-packages/botocore/data -mindepth 1 -maxdepth 1 -type d \
    ! -name ecr ! -name sts ! -name organizations ! -name sso ! -name sso-oidc ! -name signin -exec rm -r {} +

FROM python:3.13-alpine3.22
COPY --from=build /opt/reconcile /opt/reconcile
ENV PATH=/opt/reconcile/bin:$PATH PYTHONDONTWRITEBYTECODE=1
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["reconcile"]

# Built once, run as worker, web or migrate: the command decides.
FROM python:3.13-slim AS build
WORKDIR /source
COPY requirements.txt requirements-build.txt ./
RUN python -m venv /opt/dunwell \
    && /opt/dunwell/bin/pip install --no-cache-dir --require-hashes --requirement requirements.txt \
    && pip install --no-cache-dir --require-hashes --requirement requirements-build.txt
COPY . .
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/dunwell/bin/pip install --no-cache-dir --no-deps --no-index --find-links /wheels dunwell \
    && /opt/dunwell/bin/pip uninstall --yes pip

FROM python:3.13-slim
RUN groupadd --gid 10001 dunwell \
    && useradd --uid 10001 --gid dunwell --home-dir /var/lib/dunwell --create-home --shell /usr/sbin/nologin dunwell
COPY --from=build /opt/dunwell /opt/dunwell
ENV PATH=/opt/dunwell/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DUNWELL_DATA_FOLDER=/var/lib/dunwell
USER 10001:10001
WORKDIR /var/lib/dunwell
VOLUME /var/lib/dunwell
CMD ["dunwell", "web"]

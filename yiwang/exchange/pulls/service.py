"""Pulls as other floors call them: jobs declared, run when due or at once, refused rows corrected, where a fact came from.

A job acts as the account that declared it: it may import what that account may import now. What was fetched is imported like a
file (:mod:`yiwang.registry.importing`), so that change detection, reports, resuming and lineage are the same; the incremental
key moves on only when its import has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import TypeAdapter

from yiwang.exchange.pulls import store
from yiwang.exchange.pulls.databases import from_mysql, from_postgresql
from yiwang.exchange.pulls.errors import (
    PullInvalid,
    PullUnknown,
    QuarantineUnknown,
    SourceFailed,
    StillRefused,
)
from yiwang.exchange.pulls.files import from_folder, from_sftp
from yiwang.exchange.pulls.hosts import AllowedHosts
from yiwang.exchange.pulls.model import (
    DatabaseSettings,
    Fetched,
    FolderSettings,
    HttpSettings,
    Origin,
    Pull,
    PullRun,
    PullShown,
    PullWanted,
    RowShown,
    Settings,
    SftpSettings,
    Trial,
)
from yiwang.exchange.pulls.quarantine import corrected, opened, problems_by_row, refused_rows, shown, write_row
from yiwang.exchange.pulls.secrets import ExchangeSecrets
from yiwang.exchange.pulls.web import from_http
from yiwang.identity.service import IdentityService
from yiwang.kernel import journal, logs
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import FieldError, Forbidden, Problem
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.sheets import digest_of
from yiwang.registry.importing.mapping import ImportMapping
from yiwang.registry.importing.runner import Wanted, import_things
from yiwang.registry.importing.store import ImportRun
from yiwang.registry.model import kinds_of
from yiwang.registry.service import RegistryService

log = logs.get("pulls")

LEASE = timedelta(seconds=90)
_beat_seconds = 30.0
_longest_pause = timedelta(days=1)
_shown_runs = 20
_trial_seconds = 45
_trial_rows = 10
_trial_lines = 5000  # of the report: a batch of rows and more, for within a batch its order is not that of the rows
_settings: TypeAdapter[Settings] = TypeAdapter(Settings)


class PullService:
    """One per process."""

    def __init__(self, context: Context, registry: RegistryService, identity: IdentityService) -> None:
        self.context, self.registry, self.identity = context, registry, identity
        settings = context.settings
        self.hosts = AllowedHosts(settings.exchange_hosts)
        self.secrets = ExchangeSecrets(settings.home)
        self.inbox = settings.exchange_inbox or settings.home / "inbox"
        self._imports = settings.home / "things"

    # -- declaring ------------------------------------------------------------------------------------------------------

    async def declare(self, actor: Actor, wanted: PullWanted) -> Pull:
        """A new job; it runs at once and then every so many minutes.

        Raises:
            TypeUnknown, Forbidden, PullInvalid, PullNameTaken, HostNotAllowed.
        """
        made = await self._made(actor, wanted)
        async with self.context.database.transaction() as connection:
            await store.insert(connection, made)
            await journal.append(connection, self._entry(actor, "pull.declared", made))
        return made

    async def try_out(self, actor: Actor, wanted: PullWanted) -> Trial | None:
        """Fetch as this job would and judge the first file; nothing is recorded, nothing is taken off. None: nothing is there.

        Raises:
            TypeUnknown, Forbidden, PullInvalid, HostNotAllowed, SourceFailed; ImportProblems of the file.
        """
        pull = await self._made(actor, wanted)
        with tempfile.TemporaryDirectory(prefix="yiwang-pull-") as name:
            try:
                async with asyncio.timeout(_trial_seconds):
                    fetched = await self._fetch(pull, Path(name))
            except TimeoutError as error:
                raise SourceFailed(
                    reason=f"{_trial_seconds} 秒内未取完 not all came within {_trial_seconds} s"
                ) from error
            if not fetched:
                return None
            first, _ = fetched[0]
            report = Path(name) / "report.csv"
            own = Wanted(wanted.mapping, name=first.name[:200], source_kind="pull", dry_run=True, report=report)
            run = await import_things(self.registry, actor, pull.type, first.path, own)
            refused = await asyncio.to_thread(problems_by_row, report, _trial_lines)
        return Trial(run, {row: refused[row] for row in sorted(refused)[:_trial_rows]})

    async def _made(self, actor: Actor, wanted: PullWanted) -> Pull:
        kind = self.registry.types.type(wanted.type)
        if actor.account_id is None or not any(actor.may(each, "import") for each in kinds_of(kind.id)):
            raise Forbidden(verb=f"thing-{kind.id}:import")
        if actor.kind != "person":
            raise PullInvalid(
                reason_zh="汇聚任务须由人员登录后设置,程序令牌不能设置",
                reason_en="a pull is declared by a person who is signed in, not by a token",
            )
        await self._reachable(wanted.settings)
        now = real_now()
        return Pull(
            new_id(), wanted.name, kind.id, wanted.settings.kind, wanted.settings.model_dump(mode="json"),
            self.secrets.seal(wanted.secret),
            wanted.mapping.model_dump(mode="json") if wanted.mapping is not None else None,
            actor.account_id, actor.label, actor.organisation_id, wanted.every_minutes, "active", None, 0, now, now,
        )  # fmt: skip

    async def _reachable(self, settings: Settings) -> None:
        match settings:
            case DatabaseSettings() | SftpSettings():
                await self.hosts.judged(settings.host, settings.port)
            case HttpSettings():
                parts = _parts(settings.url)
                await self.hosts.judged(*parts)
            case FolderSettings():
                if ".." in Path(settings.pattern).parts:
                    raise PullInvalid(reason_zh="路径不能含 ..", reason_en="the pattern leads out of the inbox")

    async def own(self, actor: Actor) -> list[PullShown]:
        """Jobs of the actor and of their office."""
        if actor.account_id is None:
            return []
        async with self.context.database.connection() as connection:
            found = await store.of_office(connection, actor.account_id, actor.organisation_id)
            found = [pull for pull in found if _ours(actor, pull)]
            ids = [pull.id for pull in found]
            runs = await store.runs_of(connection, ids, 1)
            waiting = await store.waiting_counts(connection, ids)
        return [PullShown(pull, runs[pull.id], waiting.get(pull.id, 0)) for pull in found]

    async def one(self, actor: Actor, id: UUID) -> PullShown:
        """Raises PullUnknown: there is none, or it is another office's."""
        async with self.context.database.connection() as connection:
            found = await store.one(connection, id)
            if found is None or not _ours(actor, found):
                raise PullUnknown(id=str(id))
            runs = await store.runs_of(connection, [id], _shown_runs)
            waiting = await store.waiting_counts(connection, [id])
        return PullShown(found, runs[id], waiting.get(id, 0))

    async def pause(self, actor: Actor, id: UUID) -> PullShown:
        """Raises PullUnknown."""
        return await self._turn(actor, id, "paused", "pull.paused")

    async def run_soon(self, actor: Actor, id: UUID) -> PullShown:
        """Let the worker run it now; a paused job goes on. Raises PullUnknown, HostNotAllowed."""
        await self._reachable(_settings.validate_python((await self.one(actor, id)).pull.settings))
        return await self._turn(actor, id, "active", "pull.asked")

    async def end(self, actor: Actor, id: UUID) -> None:
        """The job goes, with its runs and its quarantine; what it brought stays. Raises PullUnknown."""
        found = await self.one(actor, id)
        async with self.context.database.transaction() as connection:
            await store.delete(connection, id)
            await journal.append(connection, self._entry(actor, "pull.ended", found.pull))

    async def _turn(self, actor: Actor, id: UUID, state: str, verb: str) -> PullShown:
        found = await self.one(actor, id)
        async with self.context.database.transaction() as connection:
            await store.set_state(connection, id, state, real_now() if state == "active" else None)
            await journal.append(connection, self._entry(actor, verb, found.pull))
        return await self.one(actor, id)

    def _entry(self, actor: Actor, verb: str, pull: Pull) -> journal.Entry:
        data: JsonObject = {"type": pull.type, "name": pull.name, "kind": pull.kind}
        return journal.entry(actor, self.context.clock.now(), verb, "pull", pull.id, data=data)

    # -- running --------------------------------------------------------------------------------------------------------

    async def work(self, id: UUID | None = None) -> bool:
        """Run the job whose turn it is (or this one) to its end; false when there is none.

        Raises:
            Unavailable.
        """
        async with self.context.database.transaction() as connection:
            pull = await store.lease_due(connection, real_now(), LEASE, id)
        if pull is None:
            return False
        async with self._held(pull):
            good = await self._run(pull)
        failures = 0 if good else pull.failures + 1
        pause = timedelta(minutes=pull.every_minutes)
        if not good:
            pause = min(max(pause, timedelta(minutes=1 << min(failures, 11))), _longest_pause)
        following = real_now() + pause if pull.every_minutes else None
        async with self.context.database.transaction() as connection:
            await store.rest(connection, pull.id, failures, following)
        return True

    @contextlib.asynccontextmanager
    async def _held(self, pull: Pull) -> AsyncIterator[None]:
        """Keep the lease while it runs; a worker that dies loses it."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(_beat_seconds)
                async with self.context.database.transaction() as connection:
                    await store.extend_lease(connection, pull.id, real_now() + LEASE)

        beating = asyncio.create_task(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)

    async def _run(self, pull: Pull) -> bool:
        """Fetch and import; whether all went well. What went wrong stands in the runs."""
        with tempfile.TemporaryDirectory(prefix="yiwang-pull-") as name:
            folder = Path(name)
            try:
                fetched = await self._fetch(pull, folder)
            except Problem as problem:
                await self._note(pull, "failed", problem=problem)
                return False
            if not fetched:
                await self._note(pull, "nothing")
                return True
            results = [await self._import(pull, each, digest) for each, digest in fetched]
        return all(results)

    async def _fetch(self, pull: Pull, folder: Path) -> list[tuple[Fetched, str]]:
        settings, secret = _settings.validate_python(pull.settings), self.secrets.open(pull.secret)
        path = folder / "pulled.csv"

        async def known(digest: str) -> bool:
            async with self.context.database.connection() as connection:
                return await store.taken_before(connection, pull.id, digest)

        match settings:
            case FolderSettings():
                return await from_folder(settings, self.inbox, folder, known)
            case SftpSettings():
                host = await self.hosts.judged(settings.host, settings.port)
                return await from_sftp(settings, host, secret, folder, known)
            case HttpSettings():
                found = await from_http(settings, self.hosts, secret, pull.last_key, path)
            case DatabaseSettings():
                host = await self.hosts.judged(settings.host, settings.port)
                fetch = from_postgresql if settings.kind == "postgresql" else from_mysql
                found = await fetch(settings, host, secret, pull.last_key, path)
        return [] if found is None else [(found, await asyncio.to_thread(digest_of, found.path))]

    async def _note(self, pull: Pull, state: str, *, problem: Problem | None = None) -> None:
        """A run that brought nothing: there was nothing, or it failed before."""
        now = real_now()
        run = PullRun(new_id(), pull.id, None, "", "", "running", 0, {}, None, now, None)
        async with self.context.database.transaction() as connection:
            await store.insert_run(connection, run)
            await store.end_run(connection, run.id, state, now, error=_told(problem) if problem else None)

    async def _import(self, pull: Pull, fetched: Fetched, digest: str) -> bool:
        run = PullRun(new_id(), pull.id, None, fetched.name[:200], digest, "running", 0, {}, None, real_now(), None)
        async with self.context.database.transaction() as connection:
            await store.insert_run(connection, run)
        try:
            done = await self._imported(pull, fetched.path, f"{pull.name} · {fetched.name}")
        except Problem as problem:
            async with self.context.database.transaction() as connection:
                await store.end_run(connection, run.id, "failed", real_now(), error=_told(problem))
            return False
        aside = await asyncio.to_thread(
            refused_rows, self._imports / str(done.id), pull.id, run.id, real_now(), self.secrets
        )
        async with self.context.database.transaction() as connection:
            await store.end_run(
                connection, run.id, "finished", real_now(), import_id=done.id, rows=done.rows_total,
                counts={name: count for name, count in done.counts.items() if count},
            )  # fmt: skip
            await store.quarantine(connection, aside)
            if fetched.key is not None:
                await store.keep_key(connection, pull.id, fetched.key)
            elif pull.kind in (
                "postgresql",
                "mysql",
                "http",
            ):  # all of it came: what did not come again is settled there
                await store.settle_others(connection, pull.id, run.id, real_now(), "来源已更正 corrected at the source")
        return True

    async def _imported(self, pull: Pull, path: Path, name: str, mapping: ImportMapping | None = None) -> ImportRun:
        actor = await self.identity.actor_behind(pull.account_id)
        if actor is None:
            raise SourceFailed(reason="任务所属账号已停用 the account of the job is closed")
        own = ImportMapping.model_validate(pull.mapping) if pull.mapping is not None else mapping
        wanted = Wanted(
            own, name=name[:200], source_kind="pull", folder=self._imports, organisation_id=pull.organisation_id
        )
        return await import_things(self.registry, actor, pull.type, path, wanted)

    # -- quarantine -----------------------------------------------------------------------------------------------------

    async def waiting(self, actor: Actor, id: UUID, after: UUID | None, limit: int) -> list[RowShown]:
        """Refused rows that wait, personal values masked. Raises PullUnknown, TypeUnknown."""
        pull = (await self.one(actor, id)).pull
        kind = self.registry.types.type(pull.type)
        async with self.context.database.connection() as connection:
            rows = await store.waiting(connection, id, after, limit)
            mappings = {run_id: await self._mapping(pull, run_id) for run_id in {row.run_id for row in rows}}
        return [
            RowShown(row.id, row.row, shown(opened(row, self.secrets), kind, mappings[row.run_id]), row.problems)
            for row in rows
        ]

    async def _mapping(self, pull: Pull, run_id: UUID) -> ImportMapping:
        """How the run read its columns."""
        async with self.context.database.connection() as connection:
            import_id = await store.import_of_run(connection, run_id)
            found = await store.mapping_of(connection, import_id) if import_id is not None else None
        return ImportMapping.model_validate(found or pull.mapping or {})

    async def correct(self, actor: Actor, id: UUID, row_id: UUID, given: Mapping[str, str]) -> None:
        """Send a row again with some cells corrected; those that were shown masked stay as they came.

        Raises:
            PullUnknown, QuarantineUnknown; StillRefused: with every fault that is left.
        """
        pull = (await self.one(actor, id)).pull
        async with self.context.database.connection() as connection:
            row = await store.waiting_row(connection, id, row_id)
        if row is None:
            raise QuarantineUnknown(id=str(row_id))
        values = corrected(opened(row, self.secrets), given)
        mapping = await self._mapping(pull, row.run_id)
        with tempfile.TemporaryDirectory(prefix="yiwang-correct-") as name:
            path = Path(name) / "row.csv"
            await asyncio.to_thread(write_row, path, values)
            done = await self._imported(pull, path, f"{pull.name} · 第 {row.row} 行更正", mapping)
        if done.counts.get("refused"):
            told = await asyncio.to_thread(problems_by_row, self._imports / str(done.id) / "report.csv")
            problems = [each for found in told.values() for each in found]
            raise StillRefused(errors=[_field(each) for each in problems], count=len(problems))
        async with self.context.database.transaction() as connection:
            await store.settle(connection, row_id, "taken", real_now(), actor.label)
            await journal.append(connection, self._entry(actor, "pull.row_corrected", pull))

    async def dismiss(self, actor: Actor, id: UUID, row_id: UUID) -> None:
        """The row is not to be taken, and is not shown again. Raises PullUnknown, QuarantineUnknown."""
        pull = (await self.one(actor, id)).pull
        async with self.context.database.transaction() as connection:
            if await store.waiting_row(connection, id, row_id) is None:
                raise QuarantineUnknown(id=str(row_id))
            await store.settle(connection, row_id, "dismissed", real_now(), actor.label)
            await journal.append(connection, self._entry(actor, "pull.row_dismissed", pull))

    # -- where facts come from ------------------------------------------------------------------------------------------

    async def lineage(self, actor: Actor, type_id: str, thing_id: UUID) -> list[Origin]:
        """Of every fact of a thing that the actor may read: file, row, day, and the pull that brought it.

        Raises:
            TypeUnknown, ThingUnknown.
        """
        self.registry.types.type(type_id)
        async with self.context.database.connection() as connection:
            facts = await self.registry.reading.history(connection, actor, type_id, thing_id)
            found = {each.fact_id: each for each in await store.origins(connection, [fact.id for fact in facts])}
        return [found[fact.id] for fact in facts if fact.id in found]


def _ours(actor: Actor, pull: Pull) -> bool:
    """Whether it is the actor's own, or their office's and they may import such things themselves."""
    return pull.account_id == actor.account_id or (
        pull.organisation_id is not None
        and pull.organisation_id == actor.organisation_id
        and any(actor.may(each, "import") for each in kinds_of(pull.type))
    )


def _parts(url: str) -> tuple[str, int]:
    """Host and port of an address. Raises PullInvalid."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        parts, port = urlsplit(""), 0
    if not parts.hostname or parts.username or parts.password or not port:
        raise PullInvalid(
            reason_zh="地址应为 http:// 或 https:// 开头且不含密码",
            reason_en="an address begins with http:// or https:// and holds no password",
        )
    return parts.hostname, port


def _told(problem: Problem) -> JsonObject:
    return {"code": problem.code, "zh": problem.message("zh"), "en": problem.message("en")}


def _field(problem: JsonObject) -> FieldError:
    where = f"/values/{problem['column']}"
    return FieldError(where=where, code=str(problem["code"]), zh=str(problem["zh"]), en=str(problem["en"]))

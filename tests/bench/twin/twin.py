"""The same two reads of accounts as the service's, by FastAPI and SQLAlchemy on asyncpg: one account, and a page of 50.

Kinder to itself than the service can be: no API key, no rate limit, no entity tag, no record of the call, and what the service concludes from
other columns is copied. It is what a team that chooses Python would begin with, run as uvicorn is run: one worker, uvloop, httptools.

Usage: twin.py postgres://… ORGANIZATION
"""

import json
import socket
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, PlainSerializer
from sqlalchemy import ForeignKey, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DATABASE, ORGANIZATION = sys.argv[1].replace("postgres://", "postgresql+asyncpg://", 1), UUID(sys.argv[2])
PAGE = 50


class Base(DeclarativeBase):
    pass


class Organization(Base):
    __tablename__ = "organizations"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    max_recent_posts: Mapped[int | None]
    post_lookback_days: Mapped[int | None]


class Creator(Base):
    __tablename__ = "creators"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool]


class Profile(Base):
    __tablename__ = "profiles"
    id: Mapped[int] = mapped_column(primary_key=True)
    platform_id: Mapped[str | None]
    previous_usernames: Mapped[str]
    name: Mapped[str | None]
    description: Mapped[str | None]
    profile_pic_url: Mapped[str | None]
    is_verified: Mapped[bool | None]
    is_private: Mapped[bool | None]
    is_unavailable: Mapped[bool]
    unavailable_because: Mapped[str | None]
    provenance: Mapped[str]
    link_in_bio: Mapped[str | None]


class Schedule(Base):
    __tablename__ = "schedules"
    kind: Mapped[str] = mapped_column(primary_key=True)
    target_id: Mapped[int] = mapped_column(primary_key=True)
    due_at: Mapped[int | None]


class Account(Base):
    __tablename__ = "accounts"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    profile_id: Mapped[int] = mapped_column(ForeignKey("profiles.id"))
    creator_id: Mapped[UUID | None] = mapped_column(ForeignKey("creators.id"))
    platform: Mapped[str]
    username: Mapped[str]
    category: Mapped[str | None]
    # "metadata" is SQLAlchemy's own word.
    notes: Mapped[str] = mapped_column("metadata")
    is_active: Mapped[bool]
    scrape_interval_hours: Mapped[int]
    max_recent_posts: Mapped[int | None]
    post_lookback_days: Mapped[int | None]
    added_at: Mapped[int]
    updated_at: Mapped[int]
    first_scrape_at: Mapped[int | None]
    last_scrape_at: Mapped[int | None]
    follower_count: Mapped[int | None]
    following_count: Mapped[int | None]
    profile_post_count: Mapped[int | None]
    total_post_count: Mapped[int | None]
    view_count: Mapped[int | None]
    like_count: Mapped[int | None]
    comment_count: Mapped[int | None]
    share_count: Mapped[int | None]
    play_count: Mapped[int | None]
    saved_count: Mapped[int | None]
    sum_notes: Mapped[str | None]
    last_attempt_at: Mapped[int | None]
    last_attempt_outcome: Mapped[str | None]
    failures: Mapped[int]


def shown(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[datetime, PlainSerializer(shown)]


class FreshnessOut(BaseModel):
    state: str
    last_attempt_time: Time | None
    last_attempt_outcome: str | None
    next_scrape_time: Time | None
    consecutive_failures: int


class AccountOut(BaseModel):
    id: UUID
    type: str = "account"
    platform: str
    username: str
    platform_account_id: str | None
    previous_usernames: list[str]
    name: str | None
    description: str | None
    profile_pic_url: str | None = None
    profile_pic_url_original: str | None
    is_verified: bool | None
    is_private: bool | None
    is_active: bool
    is_unavailable: bool
    unavailable_reason: str | None
    link_in_bio: str | None
    creator_id: UUID | None
    creator_name: str | None
    category: str | None
    metadata: dict[str, Any]
    added_at: Time
    updated_at: Time
    first_scrape_time: Time | None
    last_scrape_time: Time | None
    scrape_interval_hours: int
    follower_count: int | None
    following_count: int | None
    profile_post_count: int | None
    total_post_count: int | None
    view_count: int | None
    like_count: int | None
    comment_count: int | None
    share_count: int | None
    play_count: int | None
    saved_count: int | None
    fb_play_count: int | None = None
    ig_play_count: int | None = None
    fb_like_count: int | None = None
    max_recent_posts_per_account: int | None
    post_lookback_days: int | None
    effective_max_recent_posts_per_account: int | None
    effective_post_lookback_days: int | None
    freshness: FreshnessOut
    metric_status: dict[str, str]
    metric_precision: dict[str, str]


class One(BaseModel):
    data: AccountOut


class Pagination(BaseModel):
    next_cursor: str | None
    has_next: bool
    limit: int


class Listing(BaseModel):
    data: list[AccountOut]
    pagination: Pagination
    filters: dict[str, str | None]


METRICS = (
    "follower_count following_count profile_post_count total_post_count view_count like_count comment_count share_count play_count saved_count"
).split()

READ = (
    select(
        Account,
        Profile,
        Creator.name,
        Schedule,
        func.coalesce(Account.max_recent_posts, Organization.max_recent_posts),
        func.coalesce(Account.post_lookback_days, Organization.post_lookback_days),
    )
    .join(Profile, Profile.id == Account.profile_id)
    .join(Organization, Organization.id == Account.organization_id)
    .outerjoin(Creator, Creator.id == Account.creator_id)
    .outerjoin(Schedule, and_(Schedule.kind == "profile", Schedule.target_id == Account.profile_id))
    .where(Account.organization_id == ORGANIZATION)
)


def time(millis: int | None) -> datetime | None:
    return None if millis is None else datetime.fromtimestamp(millis / 1000, UTC)


def view(row: Any) -> AccountOut:
    account, profile, creator_name, schedule, posts, days = row
    metrics = {name: getattr(account, name) for name in METRICS}
    return AccountOut(
        id=account.id,
        platform=account.platform,
        username=account.username,
        platform_account_id=profile.platform_id,
        previous_usernames=json.loads(profile.previous_usernames),
        name=profile.name,
        description=profile.description,
        profile_pic_url_original=profile.profile_pic_url,
        is_verified=profile.is_verified,
        is_private=profile.is_private,
        is_active=account.is_active,
        is_unavailable=profile.is_unavailable,
        unavailable_reason=profile.unavailable_because,
        link_in_bio=profile.link_in_bio,
        creator_id=account.creator_id,
        creator_name=creator_name,
        category=account.category,
        metadata=json.loads(account.notes),
        added_at=time(account.added_at),
        updated_at=time(account.updated_at),
        first_scrape_time=time(account.first_scrape_at),
        last_scrape_time=time(account.last_scrape_at),
        scrape_interval_hours=account.scrape_interval_hours,
        **metrics,
        max_recent_posts_per_account=account.max_recent_posts,
        post_lookback_days=account.post_lookback_days,
        effective_max_recent_posts_per_account=posts,
        effective_post_lookback_days=days,
        freshness=FreshnessOut(
            state="fresh",
            last_attempt_time=time(account.last_attempt_at),
            last_attempt_outcome=account.last_attempt_outcome,
            next_scrape_time=time(schedule.due_at),
            consecutive_failures=account.failures,
        ),
        metric_status={name: "unsupported" for name, value in metrics.items() if value is None},
        metric_precision={},
    )


engine = create_async_engine(DATABASE, pool_size=10, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def lifespan(_: FastAPI):
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def session():
    async with sessions() as opened:
        yield opened


Session = Annotated[AsyncSession, Depends(session)]


@app.get("/accounts/{account_id}")
async def read(account_id: UUID, opened: Session) -> One:
    row = (await opened.execute(READ.where(Account.id == account_id))).one_or_none()
    if row is None:
        raise HTTPException(404)
    return One(data=view(row))


@app.get("/accounts")
async def listing(opened: Session) -> Listing:
    statement = READ.order_by(Account.added_at.desc(), Account.id.desc()).limit(PAGE + 1)
    rows = (await opened.execute(statement)).all()
    has_next = len(rows) > PAGE
    data = [view(row) for row in rows[:PAGE]]
    next_cursor = str(data[-1].id) if has_next else None
    filters = {"order_by": "added_at", "order_direction": "desc"}
    return Listing(
        data=data,
        pagination=Pagination(next_cursor=next_cursor, has_next=has_next, limit=PAGE),
        filters=filters,
    )


if __name__ == "__main__":
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    uvicorn.Server(uvicorn.Config(app, loop="uvloop", http="httptools", access_log=False)).run(sockets=[listener])

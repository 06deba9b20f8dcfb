-- Which gateway process holds the connection of a device: the one that claimed it last. turn counts the claims, so that
-- news of an older claim are known as such.
create table device_session (
  device_id int primary key references device on delete cascade,
  gateway text not null,
  turn bigint not null default 1,
  claimed_at timestamptz not null
) with (fillfactor = 70);

-- The transaction that brought a last position, so that watchers are told exactly what has changed since they last looked.
-- No index: it would cost every position an entry, and all last positions of a city are read in some milliseconds.
alter table position_latest add column written xid8 not null default pg_current_xact_id();

-- The shared world. A write is one act of one person or tool; every version of every record belongs to one.
create table world_write (
  id integer primary key autoincrement,
  at real not null,
  by_id text not null,
  by_name text not null,
  face text not null default '',
  tool text not null,
  -- Who approved it, where it was a draft of somebody else's.
  approved_by text not null default ''
) strict;
create index world_write_at on world_write (at);

-- Every version of every record, for ever: undo and "who wrote that?" rest on it. A removal holds no data.
create table thing_version (
  thing text not null,
  version integer not null,
  write integer not null references world_write (id),
  op text not null check (op in ('added', 'changed', 'removed', 'restored')),
  data text not null,
  primary key (thing, version)
) strict;
create index thing_version_write on thing_version (write);
create index thing_version_removed on thing_version (thing, version) where op = 'removed';
create trigger thing_version_stays before delete on thing_version
begin select raise(abort, 'the history of the world is only added to'); end;
create trigger thing_version_as_written before update on thing_version
begin select raise(abort, 'the history of the world is only added to'); end;
-- SQLite replaces a row without firing the triggers above, so a version that is there is stopped here.
create trigger thing_version_once before insert on thing_version
when exists (select 1 from thing_version where thing = new.thing and version = new.version)
begin select raise(abort, 'the history of the world is only added to'); end;
create trigger world_write_stays before delete on world_write
begin select raise(abort, 'the history of the world is only added to'); end;
create trigger world_write_as_written before update on world_write
begin select raise(abort, 'the history of the world is only added to'); end;
create trigger world_write_once before insert on world_write
when new.id in (select id from world_write)
begin select raise(abort, 'the history of the world is only added to'); end;

-- What is true now: which version, and what is looked for by column. The record itself stands in that version.
create table thing (
  id text primary key,
  kind text not null,
  name text not null,
  parent text not null default '',
  version integer not null,
  x real,
  y real,
  z real,
  frame text not null default '',
  -- The eleven digits of portal glyphs that name a system; '' for none.
  glyphs text not null default ''
) strict;
create index thing_kind on thing (kind, name);
create index thing_parent on thing (parent) where parent <> '';
create index thing_frame on thing (frame) where frame <> '';
create index thing_glyphs on thing (glyphs) where glyphs <> '';

-- Names (main) and aliases without case, accents and punctuation.
create table thing_name (
  folded text not null,
  thing text not null references thing (id) on delete cascade,
  main integer not null,
  primary key (folded, thing)
) strict, without rowid;
create index thing_name_thing on thing_name (thing);

-- The approval queue: what somebody proposes, with the versions of the records that it was made from.
create table world_draft (
  id text primary key,
  key text not null default '',
  at real not null,
  by_id text not null,
  by_name text not null,
  stranger integer not null,
  face text not null,
  tool text not null,
  reason text not null default '',
  things text not null,
  made_from text not null default '{}',
  state text not null default 'open' check (state in ('open', 'approved', 'rejected')),
  decided_at real,
  decided_by text not null default '',
  why text not null default '',
  write integer
) strict;
create index world_draft_state on world_draft (state, at);
create index world_draft_by on world_draft (by_id, state);
create unique index world_draft_key on world_draft (by_id, key) where key <> '';

-- What people want to be told of. `seen` is the last write that was looked at for it.
create table watch (
  id text primary key,
  at real not null,
  principal text not null,
  name text not null,
  face text not null,
  place text not null default '{}',
  said text not null,
  wants text not null,
  seen integer not null
) strict;
create index watch_principal on watch (principal);
create table watch_told (
  watch text not null references watch (id) on delete cascade,
  thing text not null,
  name text not null,
  at real not null,
  primary key (watch, thing)
) strict, without rowid;

-- What the owner caps while Haven runs; rows are only added, the newest of each name and person counts. `person` is ''
-- for everybody; a `usd` of null gives the word back to the settings.
create table cap (
  id integer primary key,
  name text not null,
  person text not null default '',
  usd real check (usd >= 0),
  at real not null,
  by_id text not null,
  by_name text not null
) strict;
create index cap_name on cap (name, person, id);

-- People who had themselves forgotten: the calls of their last day keep their id until that day is over, since the
-- day's caps rest on them.
create table leaving (
  principal text primary key,
  alias text not null,
  day integer not null
) strict;

-- Accounts and history stay as they were written, but whose they were may go: an id that names nobody takes its place.
drop trigger reservation_as_written;
create trigger reservation_as_written before update of
  id, at, process, request, change_id, round, kind, purpose, tier, model, recipient, stand_in,
  sent_sha256, sent_chars, redacted, worst_usd
on reservation
begin select raise(abort, 'the ledger is only added to'); end;
create trigger reservation_person_only_goes before update of principal on reservation
when new.principal not like 'left:%'
begin select raise(abort, 'the ledger is only added to'); end;
drop trigger world_write_as_written;
create trigger world_write_as_written before update of id, at, face, tool on world_write
begin select raise(abort, 'the history of the world is only added to'); end;
create trigger world_write_person_only_goes before update of by_id, by_name, approved_by on world_write
when (new.by_id not like 'left:%' and (new.by_id <> old.by_id or new.by_name <> old.by_name))
  or (new.approved_by <> old.approved_by and new.approved_by <> 'somebody who left')
begin select raise(abort, 'the history of the world is only added to'); end;

-- Facts that faces show live and catch up on by number.
create table event (
  id integer primary key autoincrement,
  at real not null,
  kind text not null,
  subject text not null,
  actor text not null,
  data text not null
) strict;
create index event_subject on event (subject, id);

-- Durable work: a lease says who works on it and until when.
create table job (
  id integer primary key,
  kind text not null,
  subject text not null,
  key text not null unique,
  state text not null default 'due' check (state in ('due', 'running', 'done', 'failed')),
  run_at real not null,
  attempts integer not null default 0,
  leased_by text,
  leased_until real,
  again integer not null default 0,
  error text not null default ''
) strict;
create index job_due on job (state, run_at);

create table change (
  id text primary key,
  key text not null unique,
  kind text not null,
  title text not null,
  request text not null,
  assistant text not null,
  reasons text not null,
  requester text not null,
  requester_name text not null,
  face text not null,
  state text not null,
  reason text not null default '',
  resume text not null default '',
  retry_at real,
  attempts integer not null default 0,
  round integer not null default 1,
  target text not null,
  base text not null default '',
  branch text not null default '',
  plan text not null default '{}',
  merged text not null default '',
  decided_by text not null default '',
  created_at real not null,
  updated_at real not null
) strict;
create index change_state on change (state, updated_at);

create table round (
  change_id text not null references change (id),
  number integer not null,
  cause text not null check (cause in ('request', 'tweak', 'repair')),
  instruction text not null default '',
  context text not null default '{}',
  proposal text not null default '',
  route text not null default '{}',
  parent text not null default '',
  commit_id text not null default '',
  notes text not null default '[]',
  tests text not null default '{}',
  summary text not null default '{}',
  ended text not null default '',
  bad_replies integer not null default 0,
  seconds text not null default '{}',
  primary key (change_id, number)
) strict;

-- One row a call that leaves this house, written before it leaves, and one row how it ended: both are only ever added.
-- `ledger` shows them together.
create table reservation (
  id integer primary key,
  at real not null,
  process text not null,
  principal text not null,
  request text not null default '',
  change_id text,
  round integer not null default 0,
  kind text not null default '',
  purpose text not null,
  tier text not null,
  model text not null,
  recipient text not null,
  stand_in integer not null default 0,
  sent blob not null,
  sent_sha256 text not null,
  sent_chars integer not null,
  redacted text not null default '{}',
  worst_usd real not null check (worst_usd >= 0)
) strict;
create index reservation_at on reservation (at);
create index reservation_change on reservation (change_id) where change_id is not null;
create index reservation_request on reservation (request) where request <> '';

create table settlement (
  id integer primary key references reservation (id),
  at real not null,
  state text not null check (state in ('settled', 'unknown', 'by hand')),
  usd real check (usd >= 0),
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cache_read integer not null default 0,
  cache_write integer not null default 0,
  seconds real not null default 0,
  outcome text not null default '',
  check ((state = 'settled') = (usd is not null))
) strict;

-- `usd` is null until a call is settled; what a cap counts is `charged`.
create view ledger as
select
  r.id, r.at, r.process, coalesce(s.state, 'reserved') as state, r.principal, r.request, r.change_id, r.round, r.kind,
  r.purpose, r.tier, r.model, r.recipient, r.stand_in, r.sent, r.sent_sha256, r.sent_chars, r.redacted, r.worst_usd,
  s.usd, coalesce(s.input_tokens, 0) as input_tokens, coalesce(s.output_tokens, 0) as output_tokens,
  coalesce(s.cache_read, 0) as cache_read, coalesce(s.cache_write, 0) as cache_write,
  coalesce(s.seconds, 0.0) as seconds, coalesce(s.outcome, '') as outcome,
  case when r.stand_in then 0.0 else coalesce(s.usd, r.worst_usd) end as charged
from reservation r left join settlement s on s.id = r.id;

create trigger reservation_stays before delete on reservation
begin select raise(abort, 'the ledger is only added to'); end;
create trigger reservation_as_written before update on reservation
begin select raise(abort, 'the ledger is only added to'); end;
create trigger settlement_stays before delete on settlement
begin select raise(abort, 'the ledger is only added to'); end;
create trigger settlement_as_written before update on settlement
begin select raise(abort, 'the ledger is only added to'); end;
-- SQLite replaces a row without firing the triggers above, so a known id is stopped here.
create trigger reservation_once before insert on reservation when exists (select 1 from reservation where id = new.id)
begin select raise(abort, 'the ledger is only added to'); end;
create trigger settlement_once before insert on settlement when exists (select 1 from settlement where id = new.id)
begin select raise(ignore); end;

-- Derived from the two, so that a cap is checked without adding up every call: what is charged a day (days since 1970,
-- UTC) and a person, and which calls are still open.
create table spending (
  day integer not null,
  principal text not null,
  usd real not null,
  primary key (day, principal)
) strict, without rowid;

create table open_call (
  id integer primary key references reservation (id),
  process text not null
) strict;

create trigger reservation_counts after insert on reservation when not new.stand_in
begin
  insert into spending values (cast(new.at / 86400 as integer), new.principal, new.worst_usd)
  on conflict (day, principal) do update set usd = usd + excluded.usd;
end;
create trigger reservation_opens after insert on reservation
begin
  insert into open_call values (new.id, new.process);
end;
create trigger settlement_counts after insert on settlement
begin
  delete from open_call where id = new.id;
  update spending set usd = usd + new.usd - (select worst_usd from reservation where id = new.id)
  where new.usd is not null and (day, principal) in (
    select cast(at / 86400 as integer), principal from reservation where id = new.id and not stand_in
  );
end;

-- Test reports of a tree that was run before, by tree hash and environment.
create table baseline (
  key text primary key,
  report text not null,
  at real not null
) strict;

-- Where a face shows a change, so that it edits the same message after a restart.
create table card (
  face text not null,
  subject text not null,
  data text not null,
  primary key (face, subject)
) strict;

create table note (
  key text primary key,
  value text not null
) strict;

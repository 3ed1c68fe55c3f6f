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

-- One row a call that leaves this house, written before it leaves.
create table ledger (
  id integer primary key,
  at real not null,
  process text not null,
  state text not null check (state in ('reserved', 'settled', 'unknown', 'by hand')),
  principal text not null,
  change_id text,
  round integer not null default 0,
  purpose text not null,
  tier text not null,
  model text not null,
  recipient text not null,
  stand_in integer not null default 0,
  sent blob not null,
  sent_sha256 text not null,
  sent_chars integer not null,
  redacted text not null default '{}',
  worst_usd real not null,
  usd real,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cache_read integer not null default 0,
  cache_write integer not null default 0,
  seconds real not null default 0,
  outcome text not null default ''
) strict;
create index ledger_at on ledger (at);
create index ledger_change on ledger (change_id);

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

-- What became of every task: which way it went and how good the reply was. Private tasks leave no words and no vector.
create table outcome (
  id integer primary key,
  at real not null,
  principal text not null,
  face text not null,
  kind text not null,
  request text not null default '',
  private integer not null default 0,
  words text not null default '',
  vector blob,
  tokens integer not null default 0,
  reply_tokens integer not null default 0,
  complexity text not null,
  hardness real not null,
  hybrid integer not null default 0,
  cached integer not null default 0,
  tried text not null default '[]',
  tier text not null,
  model text not null,
  prompt_version text not null,
  score integer not null,
  score_reasons text not null default '[]',
  pass_mark integer not null,
  local_score integer,
  usd real not null default 0,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  seconds real not null default 0,
  stand_in integer not null default 0,
  change_id text,
  check (not private or (words = '' and vector is null and score_reasons = '[]'))
) strict;
create index outcome_kind on outcome (kind, at);
create index outcome_at on outcome (at);

-- What people thought of an outcome afterwards; the newest of each person counts.
create table verdict (
  id integer primary key,
  outcome_id integer not null references outcome (id),
  at real not null,
  principal text not null,
  value integer not null check (value in (-1, 0, 1))
) strict;
create index verdict_outcome on verdict (outcome_id);

-- How far a kind's pass mark was moved by experience, each step with its reason; the newest of each kind counts.
create table learned (
  id integer primary key,
  at real not null,
  kind text not null,
  shift integer not null,
  reason text not null
) strict;

-- Open replies that may be used again: to the same question (`exact`), or to one that asks the same (`asks`, or '').
create table reply_cache (
  id integer primary key,
  exact text not null unique,
  asks text not null,
  words text not null,
  reply text not null,
  at real not null,
  expires real not null
) strict;
create index reply_cache_asks on reply_cache (asks);
create index reply_cache_expires on reply_cache (expires);

-- Requests that only the cloud could answer while it was out of reach.
create table waiting (
  id text primary key,
  at real not null,
  principal text not null,
  face text not null,
  place text not null default '{}',
  task text not null,
  reason text not null,
  state text not null check (state in ('asked', 'waiting', 'answered', 'cancelled', 'failed')),
  can_wait integer not null default 1,
  retry_at real,
  attempts integer not null default 0,
  reply text not null default '',
  told integer not null default 0
) strict;
create index waiting_state on waiting (state, retry_at);

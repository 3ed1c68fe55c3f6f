-- What was said at the Round Table, a row a message. Private requests leave figures and no words: the table refuses them.
create table transcript (
  id integer primary key,
  request text not null,
  at real not null,
  move text not null,
  who text not null,
  whom text not null,
  person text not null,
  assistant text not null default '',
  private integer not null default 0,
  words text not null default '',
  why text not null default '',
  tier text not null default '',
  model text not null default '',
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  usd real not null default 0,
  seconds real not null default 0,
  sent text not null default '',
  check (not private or (words = '' and why = ''))
) strict;
create index transcript_request on transcript (request);
create index transcript_at on transcript (at);

-- What a person switches while Haven runs; the newest row of each name counts, the others tell who did it before.
create table switch (
  id integer primary key,
  name text not null,
  is_on integer not null,
  at real not null,
  by_id text not null,
  by_name text not null,
  why text not null default ''
) strict;
create index switch_name on switch (name, id);

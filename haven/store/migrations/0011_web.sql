-- People of the dashboard. `principal` is what they are everywhere else: `discord:123` where they are linked,
-- `web:owner` for who used the code that Haven showed its owner, else `web:` and a number.
create table account (
  id integer primary key,
  principal text not null unique,
  name text not null unique collate nocase,
  role integer not null check (role between 1 and 3),
  -- scrypt; '' until they have chosen one.
  password text not null default '',
  pin text not null default '',
  -- sha256 of the code that lets them choose a password, once.
  invitation text not null default '',
  invited_until real not null default 0,
  created_at real not null
) strict;

-- Browsers that are logged in, by the sha256 of what their cookie holds.
create table web_session (
  hash text primary key,
  account integer not null references account (id) on delete cascade,
  created_at real not null,
  seen_at real not null,
  browser text not null
) strict, without rowid;
create index web_session_account on web_session (account);

-- Programs that speak for a person, by the sha256 of their token.
create table api_token (
  id integer primary key,
  hash text not null unique,
  account integer not null references account (id) on delete cascade,
  name text not null,
  scopes text not null,
  created_at real not null,
  used_at real
) strict;

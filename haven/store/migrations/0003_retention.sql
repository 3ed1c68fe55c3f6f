-- The words that left the house may go after a time; the account of them (hash, length, price) never changes.
drop trigger reservation_as_written;
create trigger reservation_as_written before update of
  id, at, process, principal, request, change_id, round, kind, purpose, tier, model, recipient, stand_in,
  sent_sha256, sent_chars, redacted, worst_usd
on reservation
begin select raise(abort, 'the ledger is only added to'); end;
-- Nothing, compressed: an emptied text reads as an empty one.
create trigger reservation_words_only_go before update of sent on reservation when new.sent <> x'789c030000000001'
begin select raise(abort, 'the ledger is only added to'); end;
create index reservation_words on reservation (at) where sent <> x'789c030000000001';

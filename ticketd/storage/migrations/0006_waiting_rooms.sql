-- Events choose how guests come in. A waiting room is a handful of counters, written before anybody relies on them;
-- who waits keeps their own place, signed.
ALTER TABLE event
    ADD COLUMN waiting_room text NOT NULL DEFAULT 'auto',
    ADD COLUMN defences     text NOT NULL DEFAULT '{}';

CREATE TABLE waiting_room (
    event_id integer PRIMARY KEY REFERENCES event ON DELETE CASCADE,
    seed     bytea NOT NULL,          -- of the draw; its hash is public from the start, itself after the draw
    state    text NOT NULL
);

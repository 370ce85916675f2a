-- Where events take place. A seat map never changes: an edit makes a new version, and what was sold names the old one.
CREATE SEQUENCE seat_map_id AS integer;

CREATE TABLE venue (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organizer_id  integer NOT NULL REFERENCES organizer,
    name          text NOT NULL,
    address       text NOT NULL DEFAULT '',
    timezone      text NOT NULL,
    seat_map_id   integer,            -- the newest one
    seat_versions integer NOT NULL DEFAULT 0
);
CREATE INDEX venue_organizer ON venue (organizer_id);

CREATE TABLE seat_map (
    id         integer PRIMARY KEY,
    venue_id   integer NOT NULL REFERENCES venue ON DELETE CASCADE,
    version    integer NOT NULL,
    summary    text NOT NULL,         -- its sections with their numbers of rows and seats, for lists
    body       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (venue_id, version)
);

ALTER TABLE event
    ADD COLUMN venue_id      integer REFERENCES venue,
    ADD COLUMN max_per_guest integer,
    ADD COLUMN guests_id     integer;
CREATE INDEX event_venue ON event (venue_id) WHERE venue_id IS NOT NULL;

-- The projection shows shared capacities and guest limits too, and what draws on which.
ALTER TABLE ticket_type
    ADD COLUMN kind        text NOT NULL DEFAULT 'tickets',
    ADD COLUMN capacity_id integer,
    ADD COLUMN seat_map_id integer,
    ADD COLUMN hidden      boolean NOT NULL DEFAULT false;

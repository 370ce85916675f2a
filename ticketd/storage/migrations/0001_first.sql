-- Who runs this database. A process may commit only while its own row is not fenced.
CREATE SEQUENCE node_incarnation AS bigint;

CREATE TABLE node (
    inc         bigint PRIMARY KEY,
    name        text NOT NULL,
    lease_until timestamptz NOT NULL,
    group_seq   bigint NOT NULL DEFAULT 0,
    fenced      boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- The truth: one row per fact, dense in fact_seq for each inventory.
CREATE TABLE ledger (
    inventory_id   bigint NOT NULL,
    fact_seq       bigint NOT NULL,
    reservation_id text COLLATE "C",
    body           text NOT NULL,
    PRIMARY KEY (inventory_id, fact_seq)
);
CREATE INDEX ledger_reservation ON ledger (reservation_id) WHERE reservation_id IS NOT NULL;

CREATE TABLE checkpoint (
    inventory_id bigint PRIMARY KEY,
    fact_seq     bigint NOT NULL,
    open_lines   integer NOT NULL,
    body         bytea STORAGE EXTERNAL NOT NULL  -- written often, read once: not worth compressing
);

-- Who may sell.
CREATE TABLE organizer (
    id         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    slug       text COLLATE "C" NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9-]{2,64}$'),
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE owner (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email         text NOT NULL,
    name          text NOT NULL DEFAULT '',
    password_hash text,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX owner_email ON owner (lower(email));

CREATE TABLE owner_organizer (
    owner_id     integer NOT NULL REFERENCES owner ON DELETE CASCADE,
    organizer_id integer NOT NULL REFERENCES organizer ON DELETE CASCADE,
    PRIMARY KEY (owner_id, organizer_id)
);
CREATE INDEX owner_organizer_organizer ON owner_organizer (organizer_id);

CREATE TABLE api_token (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id     integer NOT NULL REFERENCES owner ON DELETE CASCADE,
    token_hash   bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL DEFAULT now(),
    revoked_at   timestamptz
);

CREATE TABLE web_session (
    key_hash   bytea PRIMARY KEY,
    owner_id   integer NOT NULL REFERENCES owner ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX web_session_owner ON web_session (owner_id);
CREATE INDEX web_session_expires_at ON web_session (expires_at);

-- What they show. Instants are microseconds since the epoch, as everywhere in the program.
CREATE TABLE event (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organizer_id integer NOT NULL REFERENCES organizer,
    name         text NOT NULL,
    description  text NOT NULL DEFAULT '',
    starts_at    bigint NOT NULL,
    timezone     text NOT NULL,
    on_sale_at   bigint,
    off_sale_at  bigint,
    status       text NOT NULL
);
CREATE INDEX event_organizer ON event (organizer_id);

-- Projections of the ledger, written in the same statement as the facts they show.
CREATE SEQUENCE ticket_type_id AS integer;

CREATE TABLE ticket_type (
    id                  integer PRIMARY KEY,
    fact_seq            bigint NOT NULL,
    organizer_id        integer NOT NULL,
    event_id            integer,
    code                uuid NOT NULL UNIQUE,
    terms               jsonb NOT NULL,
    deleted             boolean NOT NULL DEFAULT false
);
CREATE INDEX ticket_type_organizer ON ticket_type (organizer_id);

-- One row per line of a reservation whose payment was ever started; the home line speaks for all.
CREATE TABLE order_line (
    reservation_id   text COLLATE "C" NOT NULL,
    inventory_id     bigint NOT NULL,
    organizer_id     integer NOT NULL,
    number           text,
    status           text NOT NULL,
    quantity         integer NOT NULL,
    unit_price_cents bigint NOT NULL,
    created_at       bigint NOT NULL,
    ticket_codes     text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (reservation_id, inventory_id)
) WITH (fillfactor = 85);
CREATE INDEX order_line_newest ON order_line (organizer_id, created_at DESC, reservation_id) WHERE number IS NOT NULL;

-- The one place with a guest's person; a row here can be erased without touching a sale.
CREATE TABLE guest (
    reservation_id text COLLATE "C" PRIMARY KEY,
    email          text NOT NULL DEFAULT '',
    name           text NOT NULL DEFAULT ''
);

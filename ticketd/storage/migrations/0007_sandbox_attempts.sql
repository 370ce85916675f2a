-- What the sandbox gateway has said. Rows are only ever added: the first word on an attempt stays the only one.
CREATE TABLE sandbox_attempt (
    attempt_id   text COLLATE "C" PRIMARY KEY,
    verdict      text NOT NULL,
    amount_cents bigint NOT NULL
);

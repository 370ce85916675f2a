-- What may be known here and nowhere else, such as the key under which guests' addresses are hashed.
CREATE TABLE secret (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);

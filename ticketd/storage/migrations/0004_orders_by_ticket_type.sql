-- A line on a shared capacity has several ticket types, and so as many rows here; a seated one has its seats.
ALTER TABLE order_line RENAME COLUMN inventory_id TO ticket_type_id;
ALTER TABLE order_line ADD COLUMN seats text[] NOT NULL DEFAULT '{}';

-- The bytes of a checkpoint are in another order from now on. The ledger has all that the old ones said.
DELETE FROM checkpoint;

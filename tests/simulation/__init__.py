"""The server in bad weather, on a simulated clock: seeded, replayable, checked against the five promises.

    python -m tests.simulation --seeds 2000      many lives, up to the first broken promise
    python -m tests.simulation --seed 7          one life, with everything that happens in it
    python -m tests.simulation --mutations       each safeguard switched off: is it noticed?

Real are the composition root with all services, the actors, the core, the journal with its doubts, the
fence, and the readers of ledger and catalogue. Simulated are the event loop (`loop`), asyncpg (`network`),
Postgres (`postgres`; `statements` does what each statement does, its SQL is tests/storage's), the payment
gateway (`gateway`) and the operating system (`process`, `supervisor`, `disasters`). `guests` live in the
`world` and want what is in its `programme`, `history` writes down what they were told, and `checker` says
which promise was broken.
"""

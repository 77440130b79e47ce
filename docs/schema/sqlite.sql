CREATE TABLE "sessions" (
  "id" varchar(64) PRIMARY KEY NOT NULL,
  "data" text NOT NULL,
  "expires_at" bigint NOT NULL,
  "prune_after" integer NOT NULL,
  "created_at" bigint NOT NULL,
  "last_seen_at" bigint NOT NULL,
  "version" integer NOT NULL,
  "user_id" varchar(255),
  "handle" varchar(32) NOT NULL,
  "ip_address" varchar(45),
  "user_agent" varchar(255),
  CONSTRAINT "UQ_2ff1475e1f37eb8b0b836ece5cd" UNIQUE ("handle")
);
CREATE INDEX "IDX_86b5eb2d2f2ca74d9107ef05df" ON "sessions" ("prune_after");
CREATE INDEX "IDX_085d540d9f418cfbdc7bd55bb1" ON "sessions" ("user_id");

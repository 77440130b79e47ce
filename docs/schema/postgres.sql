CREATE TABLE "sessions" (
  "id" character varying(64) NOT NULL,
  "data" text NOT NULL,
  "expires_at" bigint NOT NULL,
  "prune_after" integer NOT NULL,
  "created_at" bigint NOT NULL,
  "last_seen_at" bigint NOT NULL,
  "version" integer NOT NULL,
  "user_id" character varying(255),
  "handle" character varying(32) NOT NULL,
  "ip_address" character varying(45),
  "user_agent" character varying(255),
  CONSTRAINT "UQ_2ff1475e1f37eb8b0b836ece5cd" UNIQUE ("handle"),
  CONSTRAINT "PK_3238ef96f18b355b671619111bc" PRIMARY KEY ("id")
);
CREATE INDEX "IDX_86b5eb2d2f2ca74d9107ef05df" ON "sessions"  ("prune_after");
CREATE INDEX "IDX_085d540d9f418cfbdc7bd55bb1" ON "sessions"  ("user_id");
ALTER TABLE "sessions" SET (fillfactor = 75);

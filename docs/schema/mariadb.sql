CREATE TABLE `sessions` (
  `id` varchar(64) NOT NULL,
  `data` mediumtext CHARACTER SET "utf8mb4" NOT NULL,
  `expires_at` bigint NOT NULL,
  `prune_after` int NOT NULL,
  `created_at` bigint NOT NULL,
  `last_seen_at` bigint NOT NULL,
  `version` int NOT NULL,
  `user_id` varchar(255) NULL,
  `handle` varchar(32) NOT NULL,
  `ip_address` varchar(45) NULL,
  `user_agent` varchar(255) NULL,
  INDEX `IDX_86b5eb2d2f2ca74d9107ef05df` (`prune_after`),
  INDEX `IDX_085d540d9f418cfbdc7bd55bb1` (`user_id`),
  UNIQUE INDEX `IDX_2ff1475e1f37eb8b0b836ece5c` (`handle`),
  PRIMARY KEY (`id`)
) ENGINE=InnoDB;

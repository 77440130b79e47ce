/** The database of one run; runs at the same time do not meet, and what a run made is dropped at its end. */
export const SCRATCH_NAME = `nestjs_typeorm_session_bench_${process.pid}`;

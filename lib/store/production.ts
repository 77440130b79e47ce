/** Whether the application runs in production: the one place where the environment is asked. */
export const isProduction = (): boolean => process.env.NODE_ENV === 'production';

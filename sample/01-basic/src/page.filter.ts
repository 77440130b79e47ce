import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { errorPage } from './page.error.js';

/** Shows every error as a page. The errors of the session module have a `status`, like those of Nest and Express. */
@Catch()
export class PageFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const status = statusOf(error);
    if (status >= 500) this.logger.error(error);
    if (response.headersSent) return;
    const { title, message } = words(status, error);
    response.status(status).set('Cache-Control', 'no-store').type('html').send(errorPage(title, message).markup);
  }
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
  return status >= 400 && status < 600 ? status : 500;
}

function words(status: number, error: unknown): { title: string; message: string } {
  if (status === 404) return { title: 'Nothing here', message: 'There is no page at this address.' };
  if (status >= 500) return { title: 'Something broke', message: 'The shop could not do that. Please try again in a moment.' };
  const message = error instanceof HttpException ? error.message : 'The shop did not understand that.';
  return { title: 'That did not work', message };
}

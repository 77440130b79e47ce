import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { errorPage } from './pages/error.page.js';

/** Shows every error as a page, and leads to where a missing or stale sign-in can be mended. */
@Catch()
export class PageFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const status = statusOf(error);
    if (status >= 500) this.logger.error(error);
    if (response.headersSent) return;
    response.set('Cache-Control', 'no-store');

    if (status === 401) return signIn(request, response);
    if (codeOf(error) === 'SESSION_NOT_FRESH') return response.redirect(303, '/confirm');
    const { title, message } = words(status, error);
    response.status(status).type('html').send(errorPage(title, message).markup);
  }
}

/**
 * A browser that still has a cookie had a session, which was ended elsewhere or ran out. The cookie is left alone: this may be
 * the late answer to a request from before a new sign-in, and would take away the new one.
 */
function signIn(request: Request, response: Response): void {
  const hadSession = /(?:^|;\s*)sid=/.test(request.headers.cookie ?? '');
  response.redirect(303, hadSession ? '/sign-in?ended' : '/sign-in');
}

/** The errors of the session module have a `status`, like those of Nest and Express. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
  return status >= 400 && status < 600 ? status : 500;
}

/** The code of an error of the session module, which Nest may have wrapped. */
function codeOf(error: unknown): unknown {
  const places = error instanceof HttpException ? [error.getResponse(), error.cause] : [error];
  const place = places.find((value): value is { code: unknown } => typeof value === 'object' && value !== null && 'code' in value);
  return place?.code;
}

function words(status: number, error: unknown): { title: string; message: string } {
  if (codeOf(error) === 'SESSION_CSRF') return { title: 'Not from here', message: 'Another site sent this form. Nothing was changed.' };
  if (status === 404) return { title: 'Nothing here', message: 'There is no page at this address.' };
  if (status >= 500) return { title: 'Something broke', message: 'That could not be done. Please try again in a moment.' };
  return { title: 'That did not work', message: error instanceof HttpException ? error.message : 'The request was not understood.' };
}

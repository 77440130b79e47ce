import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import { Html } from './html.js';

/** Sends what a handler returns as `Html`. No cache keeps it: after the sign-out, "back" must not show the page again. */
@Injectable()
export class HtmlInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(
      map((value) => {
        if (!(value instanceof Html)) return value;
        response.set('Cache-Control', 'no-store').type('html');
        return value.markup;
      }),
    );
  }
}

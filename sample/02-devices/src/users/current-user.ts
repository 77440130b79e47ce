import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  UnauthorizedException,
} from '@nestjs/common';
import type { Request } from 'express';
import type { User } from './user.entity.js';
import { UsersService } from './users.service.js';

interface SignedInRequest extends Request {
  user?: User;
}

const requestOf = (context: ExecutionContext) => context.switchToHttp().getRequest<SignedInRequest>();

/** Loads the user that the session belongs to. */
@Injectable()
export class UserGuard implements CanActivate {
  constructor(private readonly users: UsersService) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const user = request.session.userId === undefined ? null : await this.users.find(request.session.userId);
    if (!user) throw new UnauthorizedException();
    request.user = user;
    return true;
  }
}

/** Lets administrators in, whom the `UserGuard` has found. */
@Injectable()
export class AdministratorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (!requestOf(context).user?.isAdministrator) throw new ForbiddenException('This page is for administrators.');
    return true;
  }
}

/** The user that the `UserGuard` has found. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext) => requestOf(context).user);

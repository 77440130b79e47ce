import { Readable } from 'node:stream';
import { Controller, Get, Header, HttpCode, NotFoundException, Post, Redirect, Req, Res, Sse, StreamableFile } from '@nestjs/common';
import type { Request, Response } from 'express';
import { from, map } from 'rxjs';
import { nodeResponse, redirect } from './adapters.js';
import { BODY, PARTS } from './answers.js';
import './session-data.js';

/** Begins a session and answers, in each way that there is. */
@Controller()
export class AnswersController {
  @Get('ping')
  ping() {
    return 'pong';
  }

  @Get('json')
  json(@Req() req: Request) {
    req.session.theme = 'dark';
    return { body: BODY };
  }

  @Get('text')
  text(@Req() req: Request) {
    req.session.theme = 'dark';
    return BODY;
  }

  @Get('send')
  send(@Req() req: Request, @Res() res: Response) {
    req.session.theme = 'dark';
    res.status(202).send(Buffer.from(BODY));
  }

  @Get('redirect')
  @Redirect('/elsewhere')
  redirect(@Req() req: Request) {
    req.session.theme = 'dark';
  }

  @Post('redirect')
  redirectByHand(@Req() req: Request, @Res() res: Response) {
    req.session.theme = 'dark';
    redirect(res, 303, '/elsewhere');
  }

  @Get('empty')
  @HttpCode(204)
  empty(@Req() req: Request) {
    req.session.theme = 'dark';
  }

  @Get('end')
  end(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.end(BODY, 'utf8');
  }

  @Get('end-nothing')
  endNothing(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.end();
  }

  @Get('end-callback')
  async endWithCallback(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    await new Promise<void>((resolve) => res.end(BODY, resolve));
  }

  @Get('end-callback-only')
  async endWithCallbackOnly(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    await new Promise<void>((resolve) => res.end(resolve));
  }

  @Get('refused')
  refused(@Req() req: Request) {
    req.session.theme = 'dark';
    throw new NotFoundException(BODY);
  }

  @Get('broken')
  broken(@Req() req: Request) {
    req.session.theme = 'dark';
    throw new Error('a mistake of the application');
  }

  @Get('head-object')
  headWithObject(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.setHeader('x-before', 'before').writeHead(201, { 'x-form': 'object', 'x-before': 'after' }).end(BODY);
  }

  @Get('head-flat')
  headWithFlatArray(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.setHeader('x-before', 'before').writeHead(201, ['x-form', 'flat', 'x-before', 'after', 'x-many', '1', 'x-many', '2']);
    res.end(BODY);
  }

  @Get('head-lists')
  headWithLists(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    const headers = ['x-form', 'lists', 'x-before', 'after', 'x-many', ['1', '2']];
    res.setHeader('x-before', 'before').writeHead(201, headers as unknown as string[]);
    res.end(BODY);
  }

  @Get('head-pairs')
  headWithPairs(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    const pairs = [
      ['x-form', 'pairs'],
      ['x-before', 'after'],
      ['x-many', ['1', '2']],
    ];
    res.setHeader('x-before', 'before').writeHead(201, pairs as unknown as string[]);
    res.end(BODY);
  }

  @Get('head-message')
  headWithMessage(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.writeHead(201, 'Made by hand', { 'x-form': 'message' });
    res.end(BODY);
  }

  @Get('head-twice')
  headTwice(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.writeHead(500, { 'x-form': 'first' });
    res.writeHead(201, { 'x-form': 'second' });
    res.end(BODY);
  }

  @Get('cached')
  @Header('x-app', 'of this answer')
  cached(@Req() req: Request) {
    req.session.theme = 'dark';
    return BODY;
  }

  @Get('file')
  @Header('content-type', 'text/plain')
  file(@Req() req: Request) {
    req.session.theme = 'dark';
    return new StreamableFile(Readable.from(PARTS));
  }

  @Get('pipe')
  pipe(@Req() req: Request, @Res() res: Response) {
    req.session.theme = 'dark';
    Readable.from(PARTS).pipe(nodeResponse(res, { takeOver: true }));
  }

  @Sse('sse')
  sse(@Req() req: Request) {
    req.session.theme = 'dark';
    return from(PARTS).pipe(map((data) => ({ data })));
  }

  @Get('flush')
  flush(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.flushHeaders();
    res.end(BODY);
  }

  @Get('head-flush')
  headAndFlush(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.writeHead(201, { 'x-form': 'flush' }).flushHeaders();
    res.end(BODY);
  }

  @Get('write')
  write(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    for (const part of PARTS) res.write(part);
    res.end();
  }

  @Get('head-write')
  headAndWrite(@Req() req: Request, @Res() reply: Response) {
    const res = nodeResponse(reply);
    req.session.theme = 'dark';
    res.writeHead(201, { 'x-form': 'write' });
    res.write(PARTS[0]);
    res.write(PARTS[1]);
    res.end(PARTS[2]);
  }
}

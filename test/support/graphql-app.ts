import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { GraphQLModule, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import { type DynamicModule } from '@nestjs/common';
import { Session, SessionHandle, SessionLock, SessionModule, type SessionModuleOptions } from 'nestjs-typeorm-session';
import type { Browser } from './browser.js';
import { startApp, type TestApp } from './nest-app.js';
import { SECRET } from './secret.js';
import type { Adapter } from './adapters.js';

/** What serves GraphQL, and on which server. */
export const SERVERS = [
  ['Apollo', 'Express'],
  ['Apollo', 'Fastify'],
  ['Mercurius', 'Fastify'],
] as const satisfies readonly (readonly [string, Adapter])[];

export type GraphqlServer = (typeof SERVERS)[number][0];

@Resolver()
class ViewsResolver {
  @Query(() => Int, { nullable: true })
  views(@Session('views') views: number | undefined) {
    return views;
  }

  @Query(() => String, { nullable: true })
  handle(@SessionHandle() handle: string | undefined) {
    return handle;
  }

  @Mutation(() => Int)
  count(@Session() session: Session) {
    return (session.views = (session.views ?? 0) + 1);
  }

  @Mutation(() => Boolean)
  async leave(@Session() session: Session) {
    await session.destroy();
    return true;
  }

  @SessionLock({ wait: '5s' })
  @Query(() => Int, { nullable: true })
  lockedViews(@Session('views') views: number | undefined) {
    return views;
  }

  @SessionLock({ wait: '10s' })
  @Mutation(() => Int)
  async lockedCount(@Session() session: Session) {
    const { views = 0 } = session;
    await new Promise(setImmediate);
    return (session.views = views + 1);
  }
}

export const graphqlModuleOf = (server: GraphqlServer): DynamicModule =>
  server === 'Apollo'
    ? GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true })
    : GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true });

/** An application whose sessions are read and changed by resolvers. */
export function startGraphql(server: GraphqlServer, adapter: Adapter, options: Partial<SessionModuleOptions>): Promise<TestApp> {
  const sessions = SessionModule.forRoot({ secret: SECRET, ...options });
  return startApp({ imports: [sessions, graphqlModuleOf(server)], providers: [ViewsResolver] }, undefined, adapter);
}

/** Sends an operation as a browser would, and returns its data; errors of GraphQL are errors. */
export async function operate<Data = Record<string, unknown>>(browser: Browser, query: string): Promise<Data> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) };
  const { data, errors } = await browser.json<{ data: Data; errors?: unknown }>('/graphql', init);
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

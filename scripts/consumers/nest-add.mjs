import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.mjs';
import { visit } from './visit.mjs';
import { betterSqlite, write } from './workshop.mjs';

const controller = `import { Controller, Get } from '@nestjs/common';
import { Session } from 'nestjs-typeorm-session';

@Controller()
export class AppController {
  @Get('views')
  views(@Session() session: Session & { views?: number }) {
    session.userId = 'ada';
    session.views = (session.views ?? 0) + 1;
    return { views: session.views };
  }
}
`;

/**
 * Makes an application by `nest new` of a consumer's Nest CLI, and gives it sessions by `nest add`. With the type of a data source it
 * has `TypeOrmModule` before; without, the schematic chooses SQLite.
 */
export async function nestAdd(consumer, type) {
  const nest = (cwd, ...args) => run(cwd, process.execPath, [join(consumer, 'node_modules/@nestjs/cli/bin/nest.js'), ...args]);
  const parent = join(consumer, 'new');
  mkdirSync(parent);
  await nest(parent, 'new', 'shop', '--skip-install', '--skip-git', '--package-manager', 'npm');
  const folder = join(parent, 'shop');
  symlinkSync(join(consumer, 'node_modules'), join(folder, 'node_modules'), 'junction');
  const rootModule = join(folder, 'src/app.module.ts');
  if (type) {
    const dataSource = `TypeOrmModule.forRoot({ type: '${type}', autoLoadEntities: true, synchronize: true })`;
    const text = readFileSync(rootModule, 'utf8').replace('imports: []', `imports: [${dataSource}]`);
    write(rootModule, `import { TypeOrmModule } from '@nestjs/typeorm';\n${text}`);
  }
  await nest(folder, 'add', 'nestjs-typeorm-session', '--skip-install');
  const migrations = readdirSync(join(folder, 'src')).filter((name) => name === 'migrations');
  if (migrations.length !== (type ? 1 : 0)) throw new Error('A migration belongs to a data source of the application.');
  write(join(folder, 'src/app.controller.ts'), controller);
  await nest(folder, 'build');
  const driver = join(consumer, 'node_modules/better-sqlite3');
  if (!type) symlinkSync(betterSqlite(process.execPath), driver, 'junction');
  const env = { SESSION_SECRET: 'the secret of a consumer, which is nobody else’s' };
  await visit(folder, 'dist/main.js', { env });
  if (!type) rmSync(driver);
}

import { defineConfig } from 'vitepress';
import { writeTextPages } from './text-pages.mjs';
import { nav, sidebar } from './navigation.mjs';

const REPOSITORY = 'https://github.com/nestjs-typeorm-session/nestjs-typeorm-session';

export default defineConfig({
  title: 'nestjs-typeorm-session',
  description: 'Server-side sessions for NestJS, kept in your own database through TypeORM.',
  lang: 'en',
  cleanUrls: true,
  // With contrast enough for everybody.
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  // Small pictures stay files, so that each follows the theme by itself.
  vite: { build: { assetsInlineLimit: 0 } },
  // A broken link fails the build: this is the default, and is said here because the checks stand on it.
  ignoreDeadLinks: false,
  head: [['link', { rel: 'alternate', type: 'text/plain', href: '/llms.txt', title: 'All pages as text' }]],
  themeConfig: {
    nav,
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path`, text: 'Edit this page' },
    // The name of the link has to be its text.
    notFound: { linkText: 'Take me home', linkLabel: 'Take me home' },
    footer: { message: 'MIT license' },
  },
  buildEnd: ({ srcDir, outDir, pages }) => writeTextPages({ srcDir, outDir, pages, sidebar }),
});

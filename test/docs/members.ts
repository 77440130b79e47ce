import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../package/library.js';

/** What the reference says of one name. */
export interface Member {
  readonly name: string;
  /** Its type or signature, as it is written. */
  readonly type: string;
  readonly comment: string;
  readonly defaultValue: string;
  /** The title of the group that begins with it, from the `//` comment before it. */
  readonly beginsGroup: string | undefined;
}

const parsed = new Map<string, ts.SourceFile>();

/** A file of the repository, parsed. */
export function parse(path: string): ts.SourceFile {
  const known = parsed.get(path);
  if (known) return known;
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  parsed.set(path, file);
  return file;
}

type Declaration = ts.InterfaceDeclaration | ts.ClassDeclaration | ts.FunctionDeclaration | ts.VariableStatement | ts.TypeAliasDeclaration;

/** A declaration of a file by its name, also one inside `declare module`: of several the one with a comment, or with the most members. */
export function declarationOf(path: string, name: string, wanted: 'comment' | 'members' = 'comment'): Declaration {
  const found: Declaration[] = [];
  const visit = (node: ts.Node): void => {
    if (nameOf(node) === name) found.push(node as Declaration);
    if (ts.isSourceFile(node) || ts.isModuleDeclaration(node) || ts.isModuleBlock(node)) ts.forEachChild(node, visit);
  };
  visit(parse(path));
  const sizeOf = (each: Declaration): number => ('members' in each ? each.members.length : 0);
  const [declaration] = found.toSorted((left, right) =>
    wanted === 'members' ? sizeOf(right) - sizeOf(left) : Number(commentOf(right) !== '') - Number(commentOf(left) !== ''),
  );
  if (!declaration) throw new Error(`${path} declares no ${name}.`);
  return declaration;
}

function nameOf(node: ts.Node): string | undefined {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations[0]!.name.getText();
  const isNamed =
    ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node) || ts.isFunctionDeclaration(node) || ts.isTypeAliasDeclaration(node);
  return isNamed ? node.name?.text : undefined;
}

const docsOf = (node: ts.Node): readonly ts.JSDoc[] => (node as { jsDoc?: ts.JSDoc[] }).jsDoc ?? [];

/** The sentences of a doc comment, without its tags, as Markdown. */
export function commentOf(node: ts.Node): string {
  return clean(ts.getTextOfJSDocComment(docsOf(node).at(-1)?.comment) ?? '');
}

/** The text of a tag, such as `default` or `example`; empty without one. */
export function tagOf(node: ts.Node, name: string): string {
  const tag = docsOf(node)
    .flatMap(({ tags }) => [...(tags ?? [])])
    .find(({ tagName }) => tagName.text === name);
  const text = ts.getTextOfJSDocComment(tag?.comment) ?? '';
  return name === 'example' ? text.replaceAll('\\@', '@') : clean(text);
}

const clean = (text: string): string => text.replace(/\s+/g, ' ').trim();

/**
 * The members of an interface or a class that are for everybody, in their order, with those of the interfaces of its file that it extends.
 * Throws if one has no sentence that says what it means.
 */
export function membersOf(path: string, name: string): Member[] {
  const declaration = declarationOf(path, name, 'members');
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return [];
  const own = (declaration.members as ts.NodeArray<ts.ClassElement | ts.TypeElement>).filter(isPublic).map((member) => ({
    name: member.name!.getText(),
    type: typeOf(member),
    comment: commentOf(member),
    defaultValue: tagOf(member, 'default'),
    beginsGroup: groupOf(member),
  }));
  const silent = own.find(({ comment }) => comment === '');
  if (silent) throw new Error(`\`${silent.name}\` of ${name} in ${path} has no doc comment. Say what it means, its unit and its default.`);
  return [...own, ...basesOf(declaration).flatMap((base) => membersOf(path, base))];
}

/** The interfaces of the same file that an interface extends. */
function basesOf(declaration: ts.InterfaceDeclaration | ts.ClassDeclaration): string[] {
  if (!ts.isInterfaceDeclaration(declaration)) return [];
  const names = (declaration.heritageClauses ?? []).flatMap(({ types }) => types.map(({ expression }) => expression.getText()));
  const isHere = (statement: ts.Statement) => ts.isInterfaceDeclaration(statement) && names.includes(statement.name.text);
  return declaration
    .getSourceFile()
    .statements.filter(isHere)
    .map((statement) => nameOf(statement)!);
}

function groupOf(member: ts.Node): string | undefined {
  const text = member.getSourceFile().text;
  const range = ts.getLeadingCommentRanges(text, member.getFullStart())?.find(({ kind }) => kind === ts.SyntaxKind.SingleLineCommentTrivia);
  return range && text.slice(range.pos + 2, range.end).trim();
}

function isPublic(member: ts.ClassElement | ts.TypeElement): boolean {
  const hiding = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword];
  const isHidden = ts.canHaveModifiers(member) && ts.getModifiers(member)?.some(({ kind }) => hiding.includes(kind));
  const isInternal = docsOf(member).some(({ tags }) => tags?.some(({ tagName }) => tagName.text === 'internal'));
  return member.name !== undefined && !isHidden && !isInternal;
}

function typeOf(member: ts.ClassElement | ts.TypeElement): string {
  if (ts.isMethodSignature(member) || ts.isMethodDeclaration(member)) {
    const parameters = member.parameters.map((parameter) => parameter.getText()).join(', ');
    return clean(`(${parameters}) => ${member.type?.getText() ?? 'void'}`);
  }
  return clean((member as ts.PropertySignature).type?.getText() ?? '');
}

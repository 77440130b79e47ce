import ts from 'typescript';
import { sources } from '../package/sources.js';
import { parse } from './members.js';

/** A sentence that the package throws or logs. */
export interface ErrorText {
  /** The class of the error, or `warning`. */
  readonly kind: string;
  /** With `…` for what differs from case to case. */
  readonly text: string;
  /** The file that it comes from. */
  readonly path: string;
}

/** Every sentence of an error or a warning of `lib`. One that is put together from parts of other functions is missing. */
export const errorTexts: readonly ErrorText[] = sources
  .filter(({ path }) => !path.startsWith('lib/testing/conformance'))
  .flatMap(({ path }) => textsOf(path))
  .filter(({ text }) => text.replaceAll('…', '').trim().split(' ').length > 3);

function textsOf(path: string): ErrorText[] {
  const file = parse(path);
  const found: ErrorText[] = [];
  const visit = (node: ts.Node): void => {
    const kind = kindOf(node);
    const [first] = kind === undefined ? [] : ((node as ts.NewExpression | ts.CallExpression).arguments ?? []);
    if (kind !== undefined && first) for (const text of render(first, file)) found.push({ kind, text: tidy(text), path });
    if (ts.isParameter(node) && node.name.getText() === 'message' && node.initializer) {
      const owner = node.parent.parent as ts.ClassDeclaration;
      found.push({ kind: owner.name!.text, text: tidy(render(node.initializer, file)[0]!), path });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.filter(({ text }, index) => found.findIndex((other) => other.text === text) === index);
}

/** `new SessionOptionsError(…)`, `super(…)` of an error, `warn(…)`. */
function kindOf(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node)) return /^(?:Session\w+Error|TypeError|RangeError)$/.exec(node.expression.getText())?.[0];
  if (!ts.isCallExpression(node)) return undefined;
  if (/(?:^|\.)warn$/.test(node.expression.getText())) return 'warning';
  const owner = node.parent.parent.parent.parent;
  return node.expression.kind === ts.SyntaxKind.SuperKeyword &&
    ts.isClassDeclaration(owner) &&
    /^Session\w+Error$/.test(owner.name?.text ?? '')
    ? owner.name!.text
    : undefined;
}

/** The texts that an expression may have. */
function render(node: ts.Expression, file: ts.SourceFile): string[] {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return render(node.expression, file);
  if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap((each) => render(each, file));
  if (ts.isBinaryExpression(node)) {
    return render(node.left, file).flatMap((left) => render(node.right, file).map((right) => left + right));
  }
  if (ts.isTemplateExpression(node)) {
    return [node.head.text + node.templateSpans.map(({ expression, literal }) => part(expression, file) + literal.text).join('')];
  }
  return ts.isIdentifier(node) ? [part(node, file)] : ['…'];
}

/** A constant of the file stands for its text. */
function part(node: ts.Expression, file: ts.SourceFile): string {
  if (!ts.isIdentifier(node)) return '…';
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const [declaration] = statement.declarationList.declarations;
    if (declaration?.name.getText() === node.text && declaration.initializer) return render(declaration.initializer, file)[0]!;
  }
  return '…';
}

function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

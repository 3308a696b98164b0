import { runInNewContext } from 'node:vm';
import {
  isBinaryExpression,
  isElementAccessExpression,
  isIdentifier,
  isMetaProperty,
  isNewExpression,
  isObjectBindingPattern,
  isPropertyAccessExpression,
  isShorthandPropertyAssignment,
  isTypeNode,
  isVariableDeclaration,
  type Identifier,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { type Checker, SymbolFlags } from 'typescript/unstable/sync';
import { isText, lineOf } from './module-imports.ts';
import type { Use } from './source-module.ts';

/** Keywords that the rules ask about. */
const KEYWORDS = new Map<SyntaxKind, string>([
  [SyntaxKind.AnyKeyword, 'any'],
  [SyntaxKind.AsyncKeyword, 'async'],
  // Of `for await` too.
  [SyntaxKind.AwaitKeyword, 'await'],
  [SyntaxKind.AwaitExpression, 'await'],
  // Of the call; an import declaration has no node for it.
  [SyntaxKind.ImportKeyword, 'import()'],
]);

/** What every JavaScript has, by the engine's own account; a new context gives it a console besides. */
const LANGUAGE = new Set(runInNewContext('Object.getOwnPropertyNames(globalThis)') as string[]);
/** Of the language, what can tell the time, roll dice, wait, or reach the rest; and all that Node adds. */
const GLOBALS = new Set(
  ['Date', 'Math', 'Promise', 'globalThis', 'console', 'eval'].concat(
    Object.getOwnPropertyNames(globalThis).filter((name) => !LANGUAGE.has(name)),
  ),
);
/** Parts of these that are pure functions; the others are uses. */
const PURE_MEMBERS: Readonly<Record<string, (member: string) => boolean>> = {
  Date: (member) => member === 'parse' || member === 'UTC',
  Math: (member) => member !== 'random',
};

/**
 * The globals of the host that a file uses (`process.env`, `Buffer`, `Date.now`), by what the rules know them;
 * a parameter that is called `process` is not one. Also keywords, as in `any` and `await`.
 */
export function usesOf(source: SourceFile, checker: Checker): Use[] {
  const uses: Use[] = [];
  const visit = (node: Node, isInType: boolean): void => {
    const names = isInType ? [] : globalNames(node, checker);
    const keyword = KEYWORDS.get(node.kind);
    if (keyword !== undefined) names.push(keyword);
    uses.push(...names.map((name) => ({ name, line: lineOf(node, source) })));
    node.forEachChild((child) => visit(child, isInType || isTypeNode(child)));
  };
  visit(source, false);
  return uses;
}

function globalNames(node: Node, checker: Checker): string[] {
  if (isMetaProperty(node) && node.keywordToken === SyntaxKind.ImportKeyword) return ['import.meta'];
  if (!isIdentifier(node) || !GLOBALS.has(node.text) || !isReference(node)) return [];
  // The compiler knows globalThis itself.
  const isGlobal =
    node.text === 'globalThis' || checker.resolveName(node.text, SymbolFlags.Value, node) === undefined;
  return isGlobal ? usedParts(node) : [];
}

/** Whether an identifier stands for a value, and not for a member's name or what is being declared. */
function isReference(node: Identifier): boolean {
  const parent: Node & { readonly name?: unknown; readonly propertyName?: unknown } = node.parent;
  if (parent.propertyName === node) return false;
  return parent.name !== node || isShorthandPropertyAssignment(parent);
}

/** `process.env` for each form of taking a member; the name alone when the whole is handed on. */
function usedParts(node: Identifier): string[] {
  const { parent, text } = node;
  const isPure = PURE_MEMBERS[text] ?? ((): boolean => false);
  const members = membersTaken(node);
  if (members) return members.filter((member) => !isPure(member)).map((member) => `${text}.${member}`);
  if (text !== 'Date') return [text];
  const isInstanceOf =
    isBinaryExpression(parent) && parent.operatorToken.kind === SyntaxKind.InstanceOfKeyword;
  if (isInstanceOf) return [];
  if (!isNewExpression(parent) || parent.expression !== node) return ['Date'];
  return parent.arguments?.[0] ? [] : ['new Date()'];
}

function membersTaken(node: Identifier): string[] | undefined {
  const { parent } = node;
  if (isPropertyAccessExpression(parent)) return [parent.name.text];
  if (isElementAccessExpression(parent) && isText(parent.argumentExpression))
    return [parent.argumentExpression.text];
  if (!isVariableDeclaration(parent) || !isObjectBindingPattern(parent.name)) return undefined;
  const keys = parent.name.elements.map(({ propertyName, name, dotDotDotToken }) =>
    dotDotDotToken ? undefined : (propertyName ?? name),
  );
  const names = keys.flatMap((key) => (key && isIdentifier(key) ? [key.text] : []));
  return names.length === keys.length ? names : undefined;
}

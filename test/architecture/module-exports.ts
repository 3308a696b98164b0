import {
  isClassDeclaration,
  isExportDeclaration,
  isFunctionDeclaration,
  isIdentifier,
  isInterfaceDeclaration,
  isNamedExports,
  isTypeAliasDeclaration,
  isVariableStatement,
  type Node,
  type SourceFile,
  type Statement,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { lineOf } from './module-imports.ts';
import type { Use } from './source-module.ts';

/**
 * The functions, classes, interfaces, types and constants that a file exports without a doc comment. For a
 * function with several signatures one of them is enough.
 */
export function undocumentedExports(source: SourceFile): Use[] {
  const listed = source.statements.flatMap(listedNames);
  const declared = source.statements.flatMap((statement) =>
    declaredNames(statement).map((name) => ({ name, statement })),
  );
  const documented = new Set(
    declared.filter(({ statement }) => hasDocComment(statement, source)).map(({ name }) => name),
  );
  const missing = declared.filter(
    ({ name, statement }) => (isExported(statement) || listed.includes(name)) && !documented.has(name),
  );
  const byName = new Map(
    missing.map(({ name, statement }) => [name, { name, line: lineOf(statement, source) }]),
  );
  return [...byName.values()];
}

/** The names that stand in an `export { … }` of the file's own. */
function listedNames(statement: Statement): string[] {
  if (!isExportDeclaration(statement) || statement.moduleSpecifier || !statement.exportClause) return [];
  const clause = statement.exportClause;
  return isNamedExports(clause)
    ? clause.elements.map(({ propertyName, name }) => (propertyName ?? name).text)
    : [];
}

function declaredNames(statement: Statement): string[] {
  if (isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesIn(name));
  }
  const isNamed =
    isFunctionDeclaration(statement) ||
    isClassDeclaration(statement) ||
    isInterfaceDeclaration(statement) ||
    isTypeAliasDeclaration(statement);
  return isNamed ? [statement.name?.text ?? 'default'] : [];
}

/** One name, or those of a pattern. */
function namesIn(name: Node): string[] {
  if (isIdentifier(name)) return [name.text];
  const names: string[] = [];
  name.forEachChild((element) => {
    if ('name' in element) names.push(...namesIn(element.name as Node));
  });
  return names;
}

function isExported(statement: Statement): boolean {
  const modifiers = (statement as { readonly modifiers?: readonly Node[] }).modifiers ?? [];
  return modifiers.some(({ kind }) => kind === SyntaxKind.ExportKeyword);
}

function hasDocComment(statement: Statement, source: SourceFile): boolean {
  return (statement.jsDoc ?? []).some((comment) => /\w/u.test(comment.getText(source)));
}

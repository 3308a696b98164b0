import {
  isCallExpression,
  isExportDeclaration,
  isImportDeclaration,
  isImportEqualsDeclaration,
  isNoSubstitutionTemplateLiteral,
  isStringLiteral,
  type Node,
  type NoSubstitutionTemplateLiteral,
  type SourceFile,
  type StringLiteral,
  SyntaxKind,
} from 'typescript/unstable/ast';
import type { ModuleImport } from './source-module.ts';

/** Every import of a file in whatever form, in the order of the lines. */
export function importsOf(source: SourceFile): ModuleImport[] {
  const written = source.imports.filter(isText).map((literal): ModuleImport => ({
    specifier: literal.text,
    isTypeOnly: isTypeOnly(literal.parent),
    line: lineOf(literal, source),
  }));
  const computed = computedImports(source).map((call): ModuleImport => ({
    specifier: 'import(…)',
    isTypeOnly: false,
    line: lineOf(call, source),
  }));
  return [...written, ...computed].toSorted((a, b) => a.line - b.line);
}

/** Whether a node is a text that is known as it stands: `'x'`, `"x"`, or a template without holes. */
export function isText(node: Node): node is StringLiteral | NoSubstitutionTemplateLiteral {
  return isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node);
}

/** The line on which a node begins, from 1. */
export function lineOf(node: Node, source: SourceFile): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/**
 * Whether nothing is left of an import when the types are gone. Of `import { type A } from 'x'` something
 * is: `import {} from 'x'` loads the module (https://www.typescriptlang.org/tsconfig/#verbatimModuleSyntax).
 */
function isTypeOnly(parent: Node): boolean {
  if (isImportDeclaration(parent)) return parent.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
  if (isExportDeclaration(parent)) return parent.isTypeOnly;
  if (isImportEqualsDeclaration(parent.parent)) return parent.parent.isTypeOnly;
  return !isCallExpression(parent);
}

/** Calls `import(x)` for an x that is only known at run time. */
function computedImports(node: Node): Node[] {
  const found: Node[] = [];
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) {
    const [target] = node.arguments;
    if (!target || !isText(target)) found.push(node);
  }
  node.forEachChild((child) => {
    found.push(...computedImports(child));
  });
  return found;
}

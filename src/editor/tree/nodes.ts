import type * as vscode from 'vscode';
import type { Endpoint } from '../../core/endpoint/endpoint';
import type { TensorSpec } from '../../core/model/signature';
import type { Release, Target } from '../../core/target/target';
import type { Model } from '../services';

/** What the views show; a command on an item gets its node. */
export type Node =
  | { kind: 'model'; model: Model }
  | {
      kind: 'group';
      title: string;
      icon: string;
      children: Node[];
      expanded: boolean;
      context?: string;
      model?: Model;
    }
  | { kind: 'tensor'; tensor: TensorSpec; role: 'input' | 'output' }
  | { kind: 'detail'; label: string; description: string; icon: string }
  | { kind: 'sample'; samples: vscode.Uri; key: string }
  | { kind: 'endpoint'; endpoint: Endpoint }
  | { kind: 'target'; target: Target; error?: Error; known: boolean }
  | { kind: 'releases'; target: Target; model: string; releases: Release[] }
  | { kind: 'release'; release: Release };

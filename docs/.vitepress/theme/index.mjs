import { useRoute } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import { nextTick, onMounted, watch } from 'vue';
import './theme.css';

export default {
  extends: DefaultTheme,
  setup() {
    const route = useRoute();
    // Two pages of the default theme have no main landmark: the home page, and the one for what is not found.
    const nameMain = async () => {
      await nextTick();
      const content = document.querySelector('#VPContent');
      if (content?.querySelector('main')) content.removeAttribute('role');
      else content?.setAttribute('role', 'main');
    };
    onMounted(nameMain);
    watch(() => route.path, nameMain);
  },
};
